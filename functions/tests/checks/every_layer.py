"""Table rules that every layer has."""

import pyarrow.compute as pc

from lakehouse.contract.quality import EXAMPLES, Outcome
from tests.audited import Audited, in_order


def atualidade(audited: Audited) -> Outcome:
    """Compare the age of what the table was made from with its contract; synthetic data has no age."""
    if audited.age_hours is None:
        return Outcome(0, 0)
    late = audited.age_hours > audited.contract.freshness_hours
    return Outcome(int(late), 1, (f"{audited.age_hours:.0f} h",) if late else ())


def linhas_em_quarentena(audited: Audited) -> Outcome:
    """Count the rows set aside; the examples are their files and lines, as their text may be personal."""
    first = audited.quarantine.slice(0, EXAMPLES)
    places = pc.binary_join_element_wise(first["arquivo"], first["linha"].cast("string"), ":").to_pylist()
    return Outcome(len(audited.quarantine), audited.staged["rows_read"], tuple(places))


def ordenado_pela_chave(audited: Audited) -> Outcome:
    """Count the rows that are not sorted by the key."""
    return in_order(audited.table, audited.contract.key)
