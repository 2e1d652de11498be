"""Which connections come.

`build(*, settings)` returns `(masks, counts, gradients, rng) -> grown`.

`masks` are those left by drop; `grown` is True where an absent connection is to start, at
weight 0. A connection dropped in the same update may be chosen again.
"""
