"""Networks: `build(inputs, classes, neuron, rng, *, settings)` returns a torch module.

A network maps an input [N, F] (one still image) or [T, N, F] (one frame a step) to Signals.
It has `layers`, a dict name -> layer with weight and bias (or None) in order of use, and
`description`, a dict from which the same network can be built again.
"""
