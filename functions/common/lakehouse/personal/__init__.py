"""Personal data: how a value that may be somebody's is quoted, recognised and masked. Pure."""
