"""The committed files that are derived from others: each has one source, and one command writes all of them."""
