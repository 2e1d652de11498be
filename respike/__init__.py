"""Reruns of brain-inspired computing papers, from pinned data to verdicts one can audit."""
