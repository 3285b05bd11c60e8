"""The commands, one per file: their options, questions and output. Only `cli.table` knows them."""
