"""The versions of a lakehouse, as commands list them, go back to them, make them again, and tidy up after them."""
