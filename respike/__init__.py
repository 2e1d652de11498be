"""Reruns of brain-inspired computing papers, from pinned data to verdicts that can be audited."""
