"""A small invented company, in all tables, as the functions make them."""

from functools import cache

import pyarrow as pa
from layers import above

from bronze.synthetic.company import accepted, generate


@cache
def _company(orders: int, seed: int) -> dict[str, pa.Table]:
    bronze = {name: accepted(name, rows).kept for name, rows in generate(orders, seed).items()}
    return bronze | above(bronze)


def company(orders: int = 30, seed: int = 7) -> dict[str, pa.Table]:
    """Return the tables of a company with so many orders."""
    return dict(_company(orders, seed))
