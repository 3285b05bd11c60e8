"""Table rules of Gold: the aggregates against the published fact, group by group, in exact decimals.

Gold itself works with integer units and sorted segments; here pyarrow groups and joins, and Python's decimals add up.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.quality import Outcome
from lakehouse.domain import AGENDADO, CANCELADO, PAGO, PARCELA_EMPRESTIMO, PENDENTE, PREVISTO
from lakehouse.engine.keys import flat
from tests.audited import Audited, agreement, differs, failing, summed

FACT: Final = "fato_pedido_correlacionado"
# The columns that the rules read of the layer below, by table.
READ: Final = {FACT: (
    "tipo_registro", "mes_referencia", "origem_recurso", "categoria", "moeda_origem", "status_pagamento",
    "valor_fluxo_brl", "variacao_cambial_brl",
)}  # fmt: skip
AMOUNTS: Final = ("valor_fluxo_brl", "variacao_cambial_brl")
_OUTFLOWS: Final = {
    "saida_paga_brl": PAGO,
    "saida_pendente_brl": PENDENTE,
    "saida_agendada_brl": AGENDADO,
    "saida_prevista_brl": PREVISTO,
    "cancelado_brl": CANCELADO,
}
_ZERO: Final = pa.scalar(Decimal("0.00"), pa.decimal128(18, 2))
_MONTH: Final = r"^\d{4}-(0[1-9]|1[0-2])$"
_LAGS: Final = (1, 2, 3)


def conserva_fluxo_de_caixa(audited: Audited) -> Outcome:
    """Compare each group's four outflows and its cancelled value with the fact, status by status."""
    fact, key = audited.below[FACT], audited.contract.key
    by_status = {name: _where(fact, status, "valor_fluxo_brl") for name, status in _OUTFLOWS.items()}
    expected = summed(pa.table({name: fact[name] for name in key} | by_status), key, list(_OUTFLOWS))
    return agreement(expected, audited.table.select([*key, *_OUTFLOWS]), key)


def acumulado_confere(audited: Audited) -> Outcome:
    """Recompute the running totals over the months, by source of funds and currency."""
    table = audited.table
    series, months = _series(table, "origem_recurso").to_pylist(), table["mes_referencia"]
    totals = pc.fill_null(table["total_saida_brl"], _ZERO).to_pylist()
    running: dict[str, Decimal] = defaultdict(Decimal)
    expected = [Decimal(0)] * len(table)
    for row in pc.sort_indices(months, null_placement="at_end").to_pylist():
        running[series[row]] += totals[row]
        expected[row] = running[series[row]]
    return failing(
        differs(flat(table["total_saida_acumulado_brl"]), pa.array(expected, pa.decimal128(38, 2))),
        table,
        audited.contract.key,
    )


def conserva_variacao_cambial(audited: Audited) -> Outcome:
    """Compare each group's exchange variation with the fact, without cancelled rows; NULL counts as 0."""
    fact, key, name = audited.below[FACT], audited.contract.key, "variacao_cambial_brl"
    cancelled = pc.equal(fact["status_pagamento"], CANCELADO)
    kept = pc.if_else(pc.fill_null(cancelled, False), _ZERO, pc.fill_null(fact[name], _ZERO))
    expected = summed(pa.table({column: fact[column] for column in key} | {name: kept}), key, [name])
    return agreement(expected, audited.table.select([*key, name]), key)


def conserva_valor_fluxo(audited: Audited) -> Outcome:
    """Compare each group's value with the fact, without loans and cancelled rows."""
    fact, key = audited.below[FACT], audited.contract.key
    kept = pc.and_(
        pc.not_equal(fact["tipo_registro"], PARCELA_EMPRESTIMO), pc.not_equal(fact["status_pagamento"], CANCELADO)
    )
    expected = summed(fact.filter(kept), key, ["valor_fluxo_brl"])
    return agreement(expected, audited.table.select([*key, "valor_fluxo_brl"]), key)


def defasagens_conferem(audited: Audited) -> Outcome:
    """Recompute the values of the three months before: NULL before the series' first month, 0 in a gap."""
    rows = _by_month(audited.table)
    first = rows.group_by("series").aggregate([("month", "min")])
    series = rows
    rows = rows.join(first, "series")
    for lag in _LAGS:
        rows = _with_value_of(rows, series, -lag, f"before_{lag}")
    broken = pa.repeat(False, len(rows))
    for lag in _LAGS:
        known = pc.greater_equal(pc.subtract(rows["month"], lag), rows["month_min"])
        expected = pc.if_else(known, pc.fill_null(rows[f"before_{lag}"], _ZERO), pa.scalar(None, _ZERO.type))
        broken = pc.or_(broken, differs(rows[f"valor_fluxo_lag_{lag}"], expected))
    return failing(broken, rows, audited.contract.key)


def alvo_confere(audited: Audited) -> Outcome:
    """Recompute the value of the next month: 0 where it has no rows, NULL in the last month of the table."""
    rows = _by_month(audited.table)
    rows = _with_value_of(rows, rows, 1, "after")
    is_last = pc.equal(rows["month"], pc.max(rows["month"]))
    expected = pc.if_else(is_last, pa.scalar(None, _ZERO.type), pc.fill_null(rows["after"], _ZERO))
    return failing(differs(rows["alvo_valor_fluxo_proximo_mes_brl"], expected), rows, audited.contract.key)


def _where(fact: pa.Table, status: str, column: str) -> pa.ChunkedArray:
    """Return a column with 0 in the rows of any other status."""
    return pc.if_else(pc.fill_null(pc.equal(fact["status_pagamento"], status), False), fact[column], _ZERO)


def _series(table: pa.Table, by: str) -> pa.ChunkedArray:
    """Return the name of each row's series: a column and the currency; NULL is the empty text, which no value is."""
    return pc.binary_join_element_wise(pc.fill_null(table[by], ""), pc.fill_null(table["moeda_origem"], ""), "/")


def _by_month(table: pa.Table) -> pa.Table:
    """Return the rows of the forecast that have a valid month, with ``series`` and, as a number, ``month``."""
    table = table.filter(pc.fill_null(pc.match_substring_regex(table["mes_referencia"], _MONTH), False))
    year, month = (pc.utf8_slice_codeunits(table["mes_referencia"], *at).cast(pa.int64()) for at in ((0, 4), (5, 7)))
    number = pc.add(pc.multiply(year, 12), month)
    return table.append_column("series", _series(table, "categoria")).append_column("month", number)


def _with_value_of(rows: pa.Table, series: pa.Table, months: int, name: str) -> pa.Table:
    """Return the rows with their series' value a number of months later: NULL where it has none, a row for each."""
    shifted = {
        "series": series["series"],
        "month": pc.subtract(series["month"], months),
        name: series["valor_fluxo_brl"],
    }
    return rows.join(pa.table(shifted), ["series", "month"])
