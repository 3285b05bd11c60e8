"""The embedded AWS of this machine: its server, and how containers reach it."""
