"""Columns of numbers and the arithmetic on them: numbers in, numbers out. It knows no table, file or AWS."""
