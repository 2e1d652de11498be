"""Data sets: where each file comes from, how it is fetched, and one reader each."""
