"""The commands, a file each: its options, what it asks, what it prints. Only `cli.table` knows them."""
