"""Table rules that every layer has."""

from lakehouse.quality import Outcome
from tests.audited import Audited, in_order


def atualidade(audited: Audited) -> Outcome:
    """Compare the age of what the table was made from with its contract; synthetic data has no age."""
    if audited.age_hours is None:
        return Outcome(0, 0)
    late = audited.age_hours > audited.contract.freshness_hours
    return Outcome(int(late), 1, (f"{audited.age_hours:.0f} h",) if late else ())


def linhas_em_quarentena(audited: Audited) -> Outcome:
    """Count the rows set aside."""
    return Outcome(audited.staged["quarantined"], audited.staged["rows_read"])


def ordenado_pela_chave(audited: Audited) -> Outcome:
    """Find rows that are not in the order of the key."""
    return in_order(audited.table, audited.contract.key)
