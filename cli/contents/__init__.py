"""The contents of a lakehouse: its catalogue, the names of its tables, its export, and its verification."""
