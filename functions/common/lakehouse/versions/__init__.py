"""The lake as a sequence of whole, immutable states: what each names, how one is made, and which one is read."""
