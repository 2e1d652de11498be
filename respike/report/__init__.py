"""The page: one file that opens offline and says of each claim whether it holds."""
