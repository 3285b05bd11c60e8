"""The rules of a layer's contracts applied to what was staged: to the whole, or to its parts, which are put together.

Parts are examined by the same rules. Their outcomes add up, since an order with its items and payments is in one part,
which a rule of the parts checks (`PART_RULE`). Two things do not add up, and are examined when the parts are put
together: rules about the table as a whole (`_WHOLE_TABLE_RULES`), and keys that repeat from one part to another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract import layers
from lakehouse.contract.model import Contract, Rule, load
from lakehouse.contract.quality import EXAMPLES, Outcome, RuleResult, TableResult
from lakehouse.contract.rules import broken_by
from lakehouse.errors import ContractError
from lakehouse.fanout import Record
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.parts import PARTITION_KEY, hashed, part_of, parts_of_table, repeated
from lakehouse.staging import StagedTable
from tests.audited import Audited, Check, failing
from tests.checks import bronze, every_layer, gold, silver
from tests.staged import read_quarantine, read_table, reasons

SCHEMA_RULE: Final = Rule(
    "esquema_confere", "O Parquet gravado tem as colunas e os tipos do contrato.", "conformity", "error", "check"
)
PART_RULE: Final = Rule(
    "parte_confere", "Cada pedido está na parte que o hash do seu pedido_id manda.", "consistency", "error", "check"
)
_CHECKS: Final[dict[str, tuple[ModuleType, ...]]] = {
    layers.BRONZE: (bronze, every_layer),
    layers.SILVER: (silver, every_layer),
    layers.GOLD: (gold, every_layer),
}
_WHOLE_TABLE_RULES: Final[dict[str, frozenset[str]]] = {
    # Bronze counts the lines of a CSV, and sets them aside, for the file and not for a part.
    layers.BRONZE: frozenset({"atualidade", "contabilidade_de_linhas", "linhas_em_quarentena"}),
    layers.SILVER: frozenset({"atualidade"}),
    layers.GOLD: frozenset(),
}
_SECONDS_PER_HOUR: Final = 3600


@dataclass(frozen=True)
class Examination:
    """The examination of a layer, as a run staged it or as it is published.

    Attributes
    ----------
    lake : Lake
    run_id, layer : str
    staged : mapping of str to StagedTable
        The accounting of each table.
    parts : int
    now : datetime
        With a time zone.
    absent : mapping of str to str
        Why tables are missing.
    """

    lake: Lake
    run_id: str
    layer: str
    staged: Mapping[str, StagedTable]
    parts: int
    now: datetime
    absent: Mapping[str, str] = field(default_factory=dict)

    def everything(self, below: Mapping[str, pa.Table]) -> list[TableResult]:
        """Examine a layer in one part, with the published tables that it was made from."""
        return self._examined(0, self.staged, below, layers.tables_of(self.layer))

    def part(self, part: int, staged: Mapping[str, StagedTable], below: Mapping[str, pa.Table]) -> Record:
        """Examine one part, and return the record that `together` needs.

        Parameters
        ----------
        part : int
        staged : mapping of str to StagedTable
            What the write Lambda reported of the part.
        below : mapping of str to pa.Table
            The published tables that it was made from.
        """
        # Tables that are not cut are examined with the first part; the other parts are only compared with them.
        names = [name for name in layers.tables_of(self.layer) if part == 0 or layers.is_cut(name)]
        results = self._examined(part, staged, below, names)
        return {"tables": [_as_record(result) for result in results]}

    def together(self, records: Sequence[Record]) -> list[TableResult]:
        """Put the records of all parts together, and examine what does not add up."""
        by_table: dict[str, list[TableResult]] = {name: [] for name in layers.tables_of(self.layer)}
        for record in records:
            for entry in record["tables"]:
                by_table[entry["table"]].append(_from_record(entry))
        return [self._whole(name, results) for name, results in by_table.items()]

    def _examined(
        self, part: int, staged: Mapping[str, StagedTable], below: Mapping[str, pa.Table], names: Sequence[str]
    ) -> list[TableResult]:
        tables, unusable = {}, {}
        for name in layers.tables_of(self.layer):
            table = read_table(self.lake, name, self._key(staged.get(name), part), self.absent.get(name))
            if isinstance(table, Outcome):
                unusable[name] = table
            else:
                tables[name] = table
        results = []
        for name in names:
            if name in unusable:
                results.append(_unusable(name, staged.get(name), unusable[name]))
                continue
            aside = read_quarantine(self.lake, staged[name])
            audited = Audited(load(name), staged[name], tables[name], aside, tables, below, self._age_hours(name))
            # Bronze compares its tables with one another; if one is unusable, the audit has failed without comparing.
            comparable = not (unusable and self.layer == layers.BRONZE)
            results.append(self._audited(audited, part, comparable=comparable))
        return results

    def _audited(self, audited: Audited, part: int, *, comparable: bool) -> TableResult:
        contract, table = audited.contract, audited.table
        results = [RuleResult(SCHEMA_RULE, Outcome(0, len(contract.columns)))]
        if self.parts > 1 and layers.is_cut(contract.table):
            misplaced = part_of(table[PARTITION_KEY], self.parts) != part
            results.append(RuleResult(PART_RULE, failing(pa.array(misplaced), table, contract.key)))
            if contract.key != (PARTITION_KEY,) and self.layer == layers.BRONZE:
                self._keep_hashes(contract, table, part)
        for rule in contract.rules:
            if self.parts > 1 and rule.check in _WHOLE_TABLE_RULES[self.layer]:
                continue
            if rule.kind != "check":
                results.append(RuleResult(rule, failing(broken_by(rule, table), table, contract.key)))
            elif comparable:
                results.append(RuleResult(rule, check_named(rule.check, _CHECKS[self.layer])(audited)))
        aside = audited.quarantine
        return TableResult(
            contract.table, audited.staged["staged_key"], len(table), len(aside), reasons(aside), results
        )

    def _whole(self, name: str, parts: Sequence[TableResult]) -> TableResult:
        if name not in self.staged:
            return parts[0]
        contract, staged = load(name), self.staged[name]
        rows = sum(part.rows for part in parts)
        aside = read_quarantine(self.lake, staged)
        outcomes = _added_up(parts)
        empty = contract.schema.empty_table()
        whole = Audited(contract, staged, empty, aside, {}, {}, self._age_hours(name), rows)
        unusable = any(len(part.results) == 1 for part in parts)
        # A part that could not be read has left no hashes of its keys.
        compared = self.layer == layers.BRONZE and not unusable
        results = []
        for rule in (SCHEMA_RULE, PART_RULE, *contract.rules):
            outcome = outcomes.get(_name(rule))
            if rule.check in _WHOLE_TABLE_RULES[self.layer] and not unusable:
                outcome = check_named(rule.check, _CHECKS[self.layer])(whole)
            if outcome is not None and rule.metric == "duplicateValues" and compared:
                outcome = self._with_repeated(contract, outcome)
            if outcome is not None:
                results.append(RuleResult(rule, outcome))
        return TableResult(name, staged["staged_key"], rows, len(aside), reasons(aside), results)

    def _with_repeated(self, contract: Contract, outcome: Outcome) -> Outcome:
        """Add the keys that repeat across parts to those that repeat within one."""
        if self.staged[contract.table]["parts"] == 1 or contract.key == (PARTITION_KEY,):
            return outcome
        hashes = [
            self.lake.read_bytes(layout.part_hashes_key(self.run_id, self.layer, contract.table, part))
            for part in range(self.parts)
        ]
        suspects = repeated(np.frombuffer(content, np.uint64) for content in hashes)
        if not len(suspects):
            return outcome
        (column,) = contract.key
        keys = []
        for part in range(self.parts):
            key = layout.part_beside(self.staged[contract.table]["staged_key"], contract.table, part, self.parts)
            part_keys = pc.unique(self.lake.read_table(key, [column])[column])
            keys.append(part_keys.filter(pa.array(np.isin(hashed(part_keys), suspects))))
        counts = pa.concat_arrays(keys).value_counts()
        repeating = [entry["values"] for entry in counts.to_pylist() if entry["counts"] > 1]
        examples = sorted({*outcome.examples, *repeating})[:EXAMPLES]
        return Outcome(outcome.failed + len(repeating), outcome.examined, tuple(examples))

    def _keep_hashes(self, contract: Contract, table: pa.Table, part: int) -> None:
        (column,) = contract.key
        hashes = np.unique(hashed(table[column]))
        self.lake.write_bytes(hashes.tobytes(), layout.part_hashes_key(self.run_id, self.layer, contract.table, part))

    def _key(self, staged: StagedTable | None, part: int) -> str | None:
        """Return the key of a table, or of its part; None where it was not staged."""
        if staged is None:
            return None
        table, parts = staged["table"], parts_of_table(staged["table"], self.parts)
        return layout.part_beside(staged["staged_key"], table, part, parts) if parts > 1 else staged["staged_key"]

    def _age_hours(self, name: str) -> float | None:
        keys = self.staged[name]["source_keys"]
        written = [moment for key in keys if (moment := self.lake.last_modified(key)) is not None]
        return (self.now - min(written)).total_seconds() / _SECONDS_PER_HOUR if written else None


def check_named(name: str, modules: tuple[ModuleType, ...]) -> Check:
    """Return the table rule with a name; raise `ContractError` when no module has it."""
    for module in modules:
        check: Check | None = getattr(module, name, None)
        if callable(check) and check.__module__ == module.__name__ and not name.startswith("_"):
            return check
    raise ContractError(f"no table rule is called '{name}'; they are functions in functions/tests/checks/")


def _unusable(name: str, staged: StagedTable | None, outcome: Outcome) -> TableResult:
    """Return the result of a table that could not be examined, as it is missing, unreadable or of another schema."""
    key = staged["staged_key"] if staged else ""
    return TableResult(name, key, 0, staged["quarantined"] if staged else 0, {}, [RuleResult(SCHEMA_RULE, outcome)])


def _added_up(parts: Iterable[TableResult]) -> dict[tuple[str, str | None], Outcome]:
    """Return the sum of each rule's outcomes, with the smallest of their examples."""
    sums: dict[tuple[str, str | None], Outcome] = {}
    for part in parts:
        for result in part.results:
            total, outcome = sums.get(_name(result.rule), Outcome(0, 0)), result.outcome
            # Every part examines the same columns: they do not add up.
            is_schema = result.rule.name == SCHEMA_RULE.name
            examined = max(total.examined, outcome.examined) if is_schema else total.examined + outcome.examined
            examples = sorted({*total.examples, *outcome.examples})[:EXAMPLES]
            sums[_name(result.rule)] = Outcome(total.failed + outcome.failed, examined, tuple(examples))
    return sums


def _name(rule: Rule) -> tuple[str, str | None]:
    return rule.name, rule.column


def _as_record(result: TableResult) -> Record:
    outcomes = [
        [result.rule.name, result.rule.column, result.outcome.failed, result.outcome.examined, result.outcome.examples]
        for result in result.results
    ]
    return {"table": result.table, "staged_key": result.staged_key, "rows": result.rows, "outcomes": outcomes}


def _from_record(record: Mapping[str, Any]) -> TableResult:
    rules = {_name(rule): rule for rule in (SCHEMA_RULE, PART_RULE, *load(record["table"]).rules)}
    results = [
        RuleResult(rules[name, column], Outcome(failed, examined, tuple(examples)))
        for name, column, failed, examined, examples in record["outcomes"]
    ]
    return TableResult(record["table"], record["staged_key"], record["rows"], 0, {}, results)
