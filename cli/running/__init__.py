"""A run, from its data to its end: where the data comes from, the upload, the execution, what it made."""
