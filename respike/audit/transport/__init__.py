"""Results and data on their way: into DVC's cache and to a remote, and back, verified.

DVC carries bytes; the ledger says which bytes they must be and how Snakemake made them.
"""
