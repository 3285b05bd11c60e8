"""How many parts a run of a size is cut into. Apart from `lakehouse.parts`, so that asking it loads no Arrow."""

from typing import Final

# How much one part holds: two threads, each on one, stay within 0.45 GB together.
ORDERS_A_PART: Final = 1 << 16
# As CSV text of the three tables that are cut together, an order with its items and payments.
BYTES_AN_ORDER: Final = 400


def parts_of_orders(orders: int) -> int:
    """Return how many parts so many orders are cut into, at least one."""
    return max(1, -(-orders // ORDERS_A_PART))


def parts_of_bytes(size: int) -> int:
    """Return how many parts the CSVs of the tables that are cut have, by their bytes together."""
    return parts_of_orders(size // BYTES_AN_ORDER)
