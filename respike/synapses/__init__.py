"""Synapses: how spikes or values of one layer become the currents of the next."""
