"""Copilots: what stands between the decoded hand and the arm's reference. One a file."""
