"""What differs between two versions: rows and measures of every table, and why a cell of Gold is another one."""
