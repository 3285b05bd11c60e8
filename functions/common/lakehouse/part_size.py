"""How many parts a run is cut into, by its size. A module of its own, since `lakehouse.parts` imports Arrow."""

from typing import Final

# Orders in one part: two threads, with a part each, stay within 0.45 GB together.
ORDERS_A_PART: Final = 1 << 16
# An order with its items and payments as CSV text, in all tables that are cut.
BYTES_AN_ORDER: Final = 400
# More than ten billion orders: larger runs were never thought through.
MOST_PARTS: Final = 1_000_000


def parts_of_orders(orders: int) -> int:
    """Return how many parts a number of orders is cut into, at least one."""
    return max(1, -(-orders // ORDERS_A_PART))


def parts_of_bytes(size: int) -> int:
    """Return how many parts the CSVs of the tables that are cut become, by their total bytes."""
    return parts_of_orders(size // BYTES_AN_ORDER)
