"""Operators written twice or more: naive in plain torch, and one file a fast backend.

A kernel step runs in an environment of its own: these modules import the standard library,
numpy, torch, triton and `respike.core.errors`, nothing else.
"""
