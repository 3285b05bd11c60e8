"""The rows of a table that break each rule of its contract."""

import pyarrow as pa

from lakehouse.contract.model import Contract, Rule
from lakehouse.contract.rules import broken_by


def violations(contract: Contract, table: pa.Table) -> list[tuple[Rule, pa.BooleanArray]]:
    """Return every library and row rule of a contract with the rows that break it, shape (n,)."""
    return [(rule, broken_by(rule, table)) for rule in contract.rules if rule.kind != "check"]
