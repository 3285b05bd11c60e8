"""What is still to be paid, as of the data's today, and what was bought: exact sums of the fact, and the newest rates.

The portal and the workbook show these, and the questions in ``queries/`` ask for the same.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cli.contents.privacy import shown
from lakehouse.contract import layers
from lakehouse.domain import CANCELADO, PAGO, PARCELA_EMPRESTIMO
from lakehouse.versions.view import View

# prazo: how soon what is open falls due. A deadline of days counts today and its last day.
OVERDUE: Final = "VENCIDO"
WITHIN: Final = (("ATE_30", 30), ("ATE_90", 90), ("ATE_365", 365))
LATER: Final = "DEPOIS"

# tipo: what for.
LOAN: Final = "EMPRESTIMO"
PURCHASE: Final = "COMPRA"

_OPEN_BY: Final = ("prazo", "mes_referencia", "tipo", "moeda_origem", "status_pagamento")
_OWED_BY: Final = ("credor", "tipo", "moeda_origem")
_SUMS: Final = ("valor_fluxo_brl", "valor_moeda_origem")
_READ: Final = (
    "data_vencimento", "mes_referencia", "tipo_registro", "moeda_origem", "status_pagamento", "razao_social",
    "instituicao_financeira", *_SUMS,
)  # fmt: skip
_CREDITORS: Final = 100


def today(view: View) -> date | None:
    """Return the data's today: the date of the newest order in the fact; without one, the forecast's reference date.

    Both are the same date where the forecast is of this version. None where the version has neither.
    """
    outlook, fact = layers.in_role("outlook"), layers.in_role("fact")
    for table, column in ((fact, "data_pedido"), (outlook, "data_referencia")):
        if table in view.tables:
            found = view.each(table, [column], lambda part, name=column: pc.max(part[name]).as_py())  # type: ignore[misc]
            dates: list[date] = [each for each in found if each is not None]
            if dates:
                return max(dates)
    return None


def open_and_overdue(view: View, at: date) -> tuple[pa.Table, pa.Table]:
    """Sum what the fact has open, neither paid nor cancelled.

    Parameters
    ----------
    view : View
        Of a version with the fact.
    at : date
        Today, as `today` has it.

    Returns
    -------
    open : pa.Table
        ``valor_fluxo_brl``, ``valor_moeda_origem`` by `prazo`, month, `tipo`, currency and status, in that order.
    overdue : pa.Table
        The same sums of what fell due before today by `credor`, `tipo` and currency, with its oldest due date
        (``vencimento_mais_antigo``), the largest first. Creditors beyond the hundredth are added up in one row without
        a name; where one of the names looks like a personal value the column is left out. Both tables' sums are the
        fact's to the cent.

    Raises
    ------
    StorageError
        A file is missing, or is not the one that was audited.
    """
    # Part by part, so that only each part's sums stay in memory.
    parts = list(view.each(layers.in_role("fact"), _READ, lambda part: _open_and_late(_marked(part, at))))
    open_ = _summed(pa.concat_tables([part for part, _ in parts]), _OPEN_BY, _SUMS)
    late = pa.concat_tables([part for _, part in parts])
    return open_.sort_by([(name, "ascending") for name in _OPEN_BY]), _harmless(_largest(_owed(late)))


def rates(view: View) -> pa.Table:
    """Return the newest PTAX of each currency that Bronze has: `moeda_origem`, `data_ptax`, `taxa_ptax`.

    Raises
    ------
    StorageError
        A file is missing, or is not the one that was audited.
    """
    quoted = view.read_all(layers.in_role("rates"), ["moeda", "data_cotacao", "taxa_ptax"])
    ordered = quoted.sort_by([("moeda", "ascending"), ("data_cotacao", "ascending")])
    newest = dict(_newest_of_each(ordered["moeda"].to_pylist()))
    table = ordered.take(pa.array(list(newest.values()), pa.int64()))
    return table.rename_columns(["moeda_origem", "data_ptax", "taxa_ptax"])


def bought(view: View, by: Sequence[str], of: Sequence[str]) -> pa.Table:
    """Sum columns of the fact by some others, in their order.

    Loans and cancelled rows are left out, as in the forecast: nothing is bought with them.

    Raises
    ------
    StorageError
        A file is missing, or is not the one that was audited.
    """
    columns = [*by, *of, "status_pagamento", "tipo_registro"]
    parts = view.each(layers.in_role("fact"), columns, lambda part: _summed(_purchases(part), by, of))
    sums = _summed(pa.concat_tables(list(parts)), by, of)
    return sums.sort_by([(name, "ascending") for name in by])


def _purchases(fact: pa.Table) -> pa.Table:
    return fact.filter(
        pc.and_(
            pc.not_equal(fact["status_pagamento"], CANCELADO), pc.not_equal(fact["tipo_registro"], PARCELA_EMPRESTIMO)
        )
    )


def _newest_of_each(currencies: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each row under its currency; of a currency the last one is the newest."""
    for row, currency in enumerate(currencies):
        yield currency, row


def _marked(fact: pa.Table, at: date) -> pa.Table:
    """Return the open rows with `prazo`, `tipo` and `credor`."""
    status = fact["status_pagamento"]
    rows = fact.filter(pc.and_(pc.not_equal(status, PAGO), pc.not_equal(status, CANCELADO)))
    due = rows["data_vencimento"]
    until = [pc.less_equal(due, pa.scalar(at + timedelta(days), pa.date32())) for _, days in WITHIN]
    deadline = pc.case_when(
        pc.make_struct(pc.less(due, pa.scalar(at, pa.date32())), *until),
        OVERDUE, *(name for name, _ in WITHIN), LATER,
    )  # fmt: skip
    is_loan = pc.equal(rows["tipo_registro"], PARCELA_EMPRESTIMO)
    creditor = pc.if_else(is_loan, rows["instituicao_financeira"], rows["razao_social"])
    marks = {"prazo": deadline, "tipo": pc.if_else(is_loan, LOAN, PURCHASE), "credor": creditor}
    return pa.table({name: rows[name] for name in rows.column_names} | marks)


def _open_and_late(part: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the sums of what is open in a part, and its rows that are overdue."""
    return _summed(part, _OPEN_BY, _SUMS), part.filter(pc.equal(part["prazo"], OVERDUE))


def _summed(rows: pa.Table, by: Sequence[str], of: Sequence[str]) -> pa.Table:
    sums = rows.group_by(list(by)).aggregate([(name, "sum") for name in of])
    return pa.table({name: sums[name] for name in by} | {name: sums[f"{name}_sum"] for name in of})


def _owed(late: pa.Table) -> pa.Table:
    sums = late.group_by(list(_OWED_BY)).aggregate([*((name, "sum") for name in _SUMS), ("data_vencimento", "min")])
    columns = {name: sums[name] for name in _OWED_BY} | {name: sums[f"{name}_sum"] for name in _SUMS}
    return pa.table(columns | {"vencimento_mais_antigo": sums["data_vencimento_min"]}).sort_by(
        [("valor_fluxo_brl", "descending"), *((name, "ascending") for name in _OWED_BY)]
    )


def _largest(owed: pa.Table) -> pa.Table:
    """Return the largest debts, and the others added up by `tipo` and currency under no name."""
    if owed.num_rows <= _CREDITORS:
        return owed
    rest = owed.slice(_CREDITORS)
    nameless = pa.nulls(rest.num_rows, pa.string())
    by_currency = rest.set_column(0, "credor", nameless).rename_columns(
        [*rest.column_names[:-1], "data_vencimento"]
    )  # fmt: skip
    return pa.concat_tables([owed.slice(0, _CREDITORS), _owed(by_currency)])


def _harmless(owed: pa.Table) -> pa.Table:
    """Return the debts without the names of creditors where one of them looks like a personal value."""
    visible, _ = shown(owed, dict.fromkeys(owed.column_names))
    return visible
