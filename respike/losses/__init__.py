"""Losses: `build(*, settings)` returns `(logits [T, N, classes], label [N]) -> scalar`."""
