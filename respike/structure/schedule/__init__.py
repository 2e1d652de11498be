"""When masks change: `build(*, settings)` returns `(steps, before, after) -> [Update]`.

`steps` is the number of training steps, `before` and `after` the densities at the start and
asked for; the updates come in the order of their steps.
"""
