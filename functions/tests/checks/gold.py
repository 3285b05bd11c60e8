"""Table rules of Gold: the aggregates against the published fact, group by group, in Python's exact decimals.

The fact is summed by pyarrow; what is walked through in Python is the groups, of which there are few.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.layout import FACT
from lakehouse.quality import EXAMPLES, Outcome
from tests.audited import Audited, total

Group = tuple[Any, ...]

_CASH_FLOW_KEY: Final = ("mes_referencia", "origem_recurso", "moeda_origem")
_FORECAST_KEY: Final = ("mes_referencia", "categoria", "moeda_origem")
_OUTFLOWS: Final = ("saida_paga_brl", "saida_pendente_brl", "saida_agendada_brl", "saida_prevista_brl")
_MONTHS: Final = 12


def conserva_fluxo_de_caixa(audited: Audited) -> Outcome:
    """Compare each group's four outflows and its cancelled value with the fact, status by status."""
    fact = audited.below[FACT]
    by_status = dict(
        zip((*_OUTFLOWS, "cancelado_brl"), ("PAGO", "PENDENTE", "AGENDADO", "PREVISTO", "CANCELADO"), strict=True)
    )
    found: dict[Group, Any] = {}
    sums = _sums(fact, (*_CASH_FLOW_KEY, "status_pagamento"), "valor_fluxo_brl")
    expected = {group: value for group, value in sums.items() if value}
    for row in audited.table.to_pylist():
        for column, status in by_status.items():
            if row[column]:
                found[(*(row[name] for name in _CASH_FLOW_KEY), status)] = row[column]
    return _compared(expected, found)


def acumulado_confere(audited: Audited) -> Outcome:
    """Recompute the running totals."""
    running: dict[Group, Decimal] = defaultdict(Decimal)
    expected, found = {}, {}
    for row in sorted(audited.table.to_pylist(), key=lambda row: str(row["mes_referencia"])):
        series = (row["origem_recurso"], row["moeda_origem"])
        running[series] += row["total_saida_brl"]
        expected[(row["mes_referencia"], *series)] = running[series]
        found[(row["mes_referencia"], *series)] = row["total_saida_acumulado_brl"]
    return _compared(expected, found)


def conserva_variacao_cambial(audited: Audited) -> Outcome:
    """Compare each group's exchange variation with the fact, without what is cancelled."""
    fact = audited.below[FACT]
    kept = fact.filter(pc.not_equal(fact["status_pagamento"], "CANCELADO"))
    everything = dict.fromkeys(_sums(fact, _CASH_FLOW_KEY, "valor_fluxo_brl"), Decimal(0))
    expected = everything | {g: v or Decimal(0) for g, v in _sums(kept, _CASH_FLOW_KEY, "variacao_cambial_brl").items()}
    return _compared(expected, _found(audited.table, _CASH_FLOW_KEY, "variacao_cambial_brl"))


def conserva_valor_fluxo(audited: Audited) -> Outcome:
    """Compare each group's value with the fact, without loans and what is cancelled."""
    fact = audited.below[FACT]
    kept = fact.filter(
        pc.and_(
            pc.not_equal(fact["tipo_registro"], "PARCELA_EMPRESTIMO"),
            pc.not_equal(fact["status_pagamento"], "CANCELADO"),
        )
    )
    expected = _sums(kept, _FORECAST_KEY, "valor_fluxo_brl")
    return _compared(expected, _found(audited.table, _FORECAST_KEY, "valor_fluxo_brl"))


def defasagens_conferem(audited: Audited) -> Outcome:
    """Recompute the values of one, two and three months before."""
    values = _found(audited.table, _FORECAST_KEY, "valor_fluxo_brl")
    first: dict[Group, str] = {}
    for month, *series in values:
        first[tuple(series)] = min(month, first.get(tuple(series), month))
    expected, found = {}, {}
    for lag in (1, 2, 3):
        for group, value in _found(audited.table, _FORECAST_KEY, f"valor_fluxo_lag_{lag}").items():
            before = _months_later(group[0], -lag)
            known = before >= first[group[1:]]
            expected[(*group, lag)] = values.get((before, *group[1:]), Decimal(0)) if known else None
            found[(*group, lag)] = value
    return _compared(expected, found)


def alvo_confere(audited: Audited) -> Outcome:
    """Recompute the value of the month after."""
    values = _found(audited.table, _FORECAST_KEY, "valor_fluxo_brl")
    last = max((group[0] for group in values), default="")
    expected = {
        group: None if group[0] == last else values.get((_months_later(group[0], 1), *group[1:]), Decimal(0))
        for group in values
    }
    return _compared(expected, _found(audited.table, _FORECAST_KEY, "alvo_valor_fluxo_proximo_mes_brl"))


def _sums(fact: pa.Table, key: Iterable[str], column: str) -> dict[Group, Any]:
    """Sum a column of the fact by a key."""
    names = list(key)
    table = pa.table({**{name: fact[name] for name in names}, "value": total(fact[column])})
    return _found(table.group_by(names).aggregate([("value", "sum")]), names, "value_sum")


def _found(table: pa.Table, key: Iterable[str], column: str) -> dict[Group, Any]:
    groups = zip(*(table[name].to_pylist() for name in key), strict=True)
    return dict(zip(groups, table[column].to_pylist(), strict=True))


def _compared(expected: Mapping[Group, Any], found: Mapping[Group, Any]) -> Outcome:
    missing = object()
    groups = {**expected, **found}
    wrong = [group for group in groups if expected.get(group, missing) != found.get(group, missing)]
    return Outcome(len(wrong), len(groups), tuple("/".join(map(str, group)) for group in wrong[:EXAMPLES]))


def _months_later(month: str, k: int) -> str:
    year, zero_based = divmod(int(month[:4]) * _MONTHS + int(month[5:]) - 1 + k, _MONTHS)
    return f"{year:04d}-{zero_based + 1:02d}"
