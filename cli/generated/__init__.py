"""What is derived into files that are committed: each has one source, and one command writes all of them anew."""
