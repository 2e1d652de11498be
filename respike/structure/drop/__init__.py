"""Which connections go.

`build(*, settings)` returns `(weights, masks, counts, rng) -> dropped`.

`counts` maps a layer to the number of its connections to drop; `dropped` maps it to a bool
tensor, True where a living connection is to go.
"""
