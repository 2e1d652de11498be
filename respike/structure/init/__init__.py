"""First masks: `build(*, settings)` returns `(shapes, density, rng) -> masks`.

`shapes` maps a layer to the shape of its weight [out, in, ...]; round(density * N) of the
N connections live, exactly.
"""
