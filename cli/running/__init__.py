"""A run from its data to its end: the source of the data, the upload, the execution, the summary."""
