"""Bronze tables cut into parts, as Bronze cuts them."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from lakehouse_tables import PARTED

from lakehouse.parts import part_of, read_by_part


def part_of_bronze(bronze: Mapping[str, pa.Table], part: int, parts: int) -> dict[str, pa.Table]:
    """Return one part: its orders, items and payments; all of the rest, but loans only in the first."""
    tables = read_by_part(bronze, part)
    for name in PARTED:
        rows = np.flatnonzero(part_of(bronze[name]["pedido_id"], parts) == part)
        tables[name] = bronze[name].take(pa.array(rows))
    return tables
