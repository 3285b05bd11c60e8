"""The workbook: what a version says of money, as an Excel file in Portuguese for people who read sheets."""
