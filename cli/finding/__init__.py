"""The search: what can be found, by which words, and in which order."""
