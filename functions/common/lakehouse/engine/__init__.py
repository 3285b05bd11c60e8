"""Columns of numbers, and what is computed with them: numbers in, numbers out. It knows no table, file or AWS."""
