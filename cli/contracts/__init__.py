"""Contracts as they are here, in a commit, or in a version of the lake; and what became of them in between."""
