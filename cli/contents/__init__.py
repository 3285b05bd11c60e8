"""What is in a lakehouse: its catalogue, its tables by any name, its export, whether all of it agrees."""
