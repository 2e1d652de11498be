"""Brain recordings to hand movement: generator, filters, splits, decoders and controls."""
