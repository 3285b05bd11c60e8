"""Faults put into Silver and Gold, one at a time: the audit's rules that then fail, and the columns that differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest
from audits import audited, errors_of
from exports import SAMPLE
from generated import table
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from layers import cash_flow, correlate, forecast

from gold.cash_flow import OUTFLOWS
from gold.forecast import SINES
from lakehouse.engine import as_of, months, rateio


@dataclass(frozen=True, eq=False)
class Fault:
    """A fault in the code that writes a layer.

    Attributes
    ----------
    layer, what : str
    patches : mapping of str to object
        The replacements of functions and constants, by module and name.
    """

    layer: str
    what: str
    patches: Mapping[str, Any]


def _odd_cents_last(value: Any, instalments: Any, current: Any) -> Any:
    quotient, odd = np.divmod(value, instalments)
    return quotient + (current > instalments - odd)


def _nothing_left_over(total: Any, weight: Any) -> Any:
    whole = np.maximum(weight.sum(-1, keepdims=True), 1)
    return total[..., None] * weight // whole


def _equally(total: Any, weight: Any) -> Any:
    return rateio.share(total, np.ones_like(weight))


def _day_before(currency: Any, day: Any, quoted_currency: Any, quoted_day: Any) -> Any:
    return as_of.as_of(currency, day - 1, quoted_currency, quoted_day)


def _cut_off(foreign: Any, difference: Any) -> Any:
    return np.trunc(foreign * difference / 10**6).astype(np.int64)


def _not_paid(columns: Any) -> Any:
    return columns.text("moeda_origem").known() & ~columns.text("moeda_origem").is_("BRL")


FAULTS: Final = (
    Fault("silver", "An instalment that repeats the total is not divided", {
        "silver.commitments.repeats_total": lambda value, *_: np.zeros(len(value), bool),
    }),
    Fault("silver", "Odd cents go to the last instalments", {"silver.commitments.instalment": _odd_cents_last}),
    Fault("silver", "Cents left over by a share are lost", {"silver.sharing.share": _nothing_left_over}),
    Fault("silver", "The quotation of the day itself is not taken", {"silver.exchange.as_of": _day_before}),
    Fault("silver", "The variation is cut off, not rounded", {"silver.correlation.variation": _cut_off}),
    Fault("silver", "An order is shared over its items equally", {"silver.sharing.share": _equally}),
    Fault("silver", "A loan's instalments fall due a month late", {
        "silver.commitments.add_months": lambda day, k: months.add_months(day, k + 1),
    }),
    Fault("gold", "Paid and scheduled change places", {
        "gold.cash_flow.OUTFLOWS": OUTFLOWS | {"saida_paga_brl": "AGENDADO", "saida_agendada_brl": "PAGO"},
    }),
    Fault("gold", "The running total does not run", {"gold.cash_flow._running": lambda total, _: total}),
    Fault("gold", "Loans count in the forecast", {
        "gold.forecast.is_forecast": lambda cells: ~cells.text("status_pagamento").is_("CANCELADO"),
        "gold.partial.is_forecast": lambda cells: ~cells.text("status_pagamento").is_("CANCELADO"),
    }),
    Fault("gold", "A lag looks at its own month", {"gold.forecast.LAGS": (0, 1, 2)}),
    Fault("gold", "What is paid counts as exposed", {"gold.cash_flow.is_exposed": _not_paid}),
    Fault("gold", "The sine is the next month's", {"gold.forecast.SINES": np.roll(SINES, -1)}),
)  # fmt: skip


def bronze() -> dict[str, pa.Table]:
    return {name: read.kept for name, read in SAMPLE.read().items()}


def judged(fault: Fault | None, fact: pa.Table) -> tuple[list[str], dict[str, pa.Table]]:
    """Return the rules of severity error that fail, and what was written.

    Parameters
    ----------
    fault : Fault or None
    fact : pa.Table
        The right one, which Gold is made from.
    """
    with pytest.MonkeyPatch.context() as patch:
        for place, instead in (fault.patches if fault else {}).items():
            patch.setattr(place, instead)
        written = _MADE[fault.layer if fault else "gold"](fact)
    below = bronze() | {FACT: fact}
    failed: dict[str, None] = {}
    for name, (rows, aside) in written.items():
        failed |= dict.fromkeys(errors_of(audited(name, rows, below=below, quarantine=aside)))
    return list(failed), {name: rows for name, (rows, _) in written.items()}


def _silver(_: pa.Table) -> dict[str, tuple[pa.Table, pa.Table | None]]:
    correlation = correlate(bronze())
    return {FACT: (correlation.fact, correlation.quarantine)}


def _gold(fact: pa.Table) -> dict[str, tuple[pa.Table, pa.Table | None]]:
    return {CASH_FLOW: (cash_flow(fact), None), FORECAST: (forecast(fact), None)}


_MADE: Final[dict[str, Callable[[pa.Table], dict[str, tuple[pa.Table, pa.Table | None]]]]] = {
    "silver": _silver, "gold": _gold,
}  # fmt: skip


def differing(written: Mapping[str, pa.Table], right: Mapping[str, pa.Table]) -> list[str]:
    """Return the columns that are not as they should be, each once."""
    return list(
        dict.fromkeys(
            name
            for table_, rows in written.items()
            for name in rows.column_names
            if rows[name].to_pylist() != right[table_][name].to_pylist()
        )
    )


def shown(results: Mapping[Fault, tuple[list[str], list[str]]]) -> str:
    """Return the table of the page: each fault, the rules that fail, and the columns that are wrong."""

    def code(names: list[str]) -> str:
        return ", ".join(f"`{name}`" for name in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")

    rows = [
        (fault.layer.capitalize(), fault.what, code(columns), code(rules) or "**nothing**")
        for fault, (rules, columns) in results.items()
    ]
    return table(("layer", "fault", "columns that are wrong", "rules of the audit that fail"), rows)
