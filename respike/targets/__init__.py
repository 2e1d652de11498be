"""Emulated chips: what each does to a network is stated field by field in its HwSpec."""
