"""Neurons: `build(*, settings)` returns a callable that makes the units of one layer.

What it makes is a torch module [T, N, C] -> [T, N, C] with `reset()`; the callable carries
`description`, a dict with the part's name, all its settings and the retention per step.
"""
