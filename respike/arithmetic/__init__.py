"""Arithmetic of training other than torch's own: `build(*, settings)` returns an object with

    check(**names)            refuses parts that a study names beside it and it cannot compute
    prepare(network, rng)     puts a fresh network into this arithmetic
    begin(network, loss)      returns an object whose step(x, label, rate) trains one batch
                              and returns its loss and what the network put out;
                              metrics.json then has weights_sha256

Without one a network is trained in float32 by torch's operations.
"""
