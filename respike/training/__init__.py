"""Training: examples and their split, the one loop, evolving masks, what a run leaves."""
