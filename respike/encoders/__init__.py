"""Encoders: values -> spikes or events, in integers where their output is pinned."""
