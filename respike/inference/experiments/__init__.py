"""Experiments of stage simulate: `build(*, settings)` returns `experiment(stream, data)`.

`stream(use)` gives the random generator of one use of the run's seed; `data` is the
prepared arrays or None; the result is an Outcome.
"""
