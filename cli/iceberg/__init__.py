"""The published tables as Iceberg tables too, over the same files."""
