"""The rules of a layer's contracts applied to what was staged: to the whole, or to its parts, which are put together.

Parts are examined by the same rules. Their outcomes add up, since an order with its items and payments is in one part,
which a rule of the parts checks (`PART_RULE`). Two things do not add up, and are examined when the parts are put
together: rules about the table as a whole (`_WHOLE_TABLE_RULES`), and keys that repeat from one part to another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import ModuleType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.model import Contract, Rule, known_words, load
from lakehouse.contract.profile import ColumnProfile, added_up, profile_of
from lakehouse.contract.quality import EXAMPLES, AuditedFile, Outcome, RuleResult, TableResult
from lakehouse.contract.quarantine import reasons
from lakehouse.contract.rules import broken_by
from lakehouse.errors import ContractError
from lakehouse.fanout import Record
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.parts import PARTITION_KEY, hashed, part_of, parts_of_table, repeated
from lakehouse.personal import quoting
from lakehouse.staging import StagedTable
from tests.audited import Audited, Check, failing
from tests.checks import bronze, every_layer, forecast, gold, silver
from tests.staged import read_quarantine, read_table
from tests.subject import Subject

SCHEMA_RULE: Final = Rule(
    "esquema_confere", "O Parquet gravado tem as colunas e os tipos do contrato.", "conformity", "error", "check"
)
PART_RULE: Final = Rule(
    "parte_confere", "Cada pedido está na parte que o hash do seu pedido_id manda.", "consistency", "error", "check"
)
NEW_COLUMNS_RULE: Final = Rule(
    "colunas_do_csv_lidas", "Toda coluna do CSV é do contrato; a que não é foi deixada de fora (newColumns).",
    "conformity", "warning", "check",
)  # fmt: skip
CHECKS: Final[dict[str, tuple[ModuleType, ...]]] = {
    layers.BRONZE: (bronze, every_layer),
    layers.SILVER: (silver, every_layer),
    layers.GOLD: (gold, every_layer),
    layers.FORECAST: (forecast, every_layer),
}
_WHOLE_TABLE_RULES: Final[dict[str, frozenset[str]]] = {
    # Bronze counts the lines of a CSV, and sets them aside, for the file and not for a part.
    layers.BRONZE: frozenset(
        {
            "atualidade",
            "contabilidade_de_linhas",
            "linhas_em_quarentena",
            "volume_da_quarentena",
            "volume_da_tabela",
        }
    ),
    layers.SILVER: frozenset({"atualidade"}),
    layers.GOLD: frozenset(),
    layers.FORECAST: frozenset(),
}


@dataclass(frozen=True)
class Examination:
    """The examination of a layer, as a run staged it or as it is published.

    Attributes
    ----------
    lake : Lake
    subject : Subject
    parts : int
    now : datetime
        With a time zone.
    """

    lake: Lake
    subject: Subject
    parts: int
    now: datetime

    @property
    def run_id(self) -> str:
        """The run that staged it, or the audit's own."""
        return self.subject.run_id

    @property
    def layer(self) -> str:
        """The layer that is examined."""
        return self.subject.layer

    @property
    def staged(self) -> Mapping[str, StagedTable]:
        """The accounting of each table."""
        return self.subject.tables

    def everything(self, below: Mapping[str, pa.Table]) -> list[TableResult]:
        """Examine a layer in one part, with the tables that it was made from."""
        return self._examined(0, self.staged, below, layers.tables_of(self.layer))

    def part(self, part: int, staged: Mapping[str, StagedTable], below: Mapping[str, pa.Table]) -> Record:
        """Examine one part, and return the record that `together` needs.

        Parameters
        ----------
        part : int
        staged : mapping of str to StagedTable
            What the write Lambda reported of the part.
        below : mapping of str to pa.Table
            The tables that it was made from.
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
        tables: dict[str, pa.Table] = {}
        files: dict[str, AuditedFile] = {}
        unusable: dict[str, Outcome] = {}
        for name in layers.tables_of(self.layer):
            key, absent = self._key(staged.get(name), part), self.subject.absent.get(name)
            found = read_table(self.lake, name, key, absent, self.subject.file(name, part))
            if isinstance(found, Outcome):
                unusable[name] = found
            else:
                tables[name], files[name] = found
        results = []
        for name in names:
            if name in unusable:
                results.append(_unusable(name, staged.get(name), unusable[name]))
                continue
            aside = read_quarantine(self.lake, staged[name])
            audited = Audited(
                load(name), staged[name], tables[name], aside, tables, below, self.subject.age_hours(name, self.now),
                volume=self.subject.volume(name),
            )  # fmt: skip
            # Bronze compares its tables with one another; if one is unusable, the audit has failed without comparing.
            comparable = not (unusable and self.layer == layers.BRONZE)
            results.append(self._audited(audited, files[name], part, comparable=comparable))
        return results

    def _audited(self, audited: Audited, file: AuditedFile, part: int, *, comparable: bool) -> TableResult:
        contract, table = audited.contract, audited.table
        results = [RuleResult(SCHEMA_RULE, Outcome(0, len(contract.columns)))]
        if self.parts == 1:
            results += _left_out(contract, audited.staged)
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
                results.append(RuleResult(rule, applied(rule, CHECKS[self.layer], audited)))
        aside = audited.quarantine
        counted = profile_of(contract, table)
        return TableResult(contract.table, (file,), len(table), len(aside), reasons(aside), results, counted)

    def _whole(self, name: str, parts: Sequence[TableResult]) -> TableResult:
        if name not in self.staged:
            return parts[0]
        contract, staged = load(name), self.staged[name]
        rows = sum(part.rows for part in parts)
        aside = read_quarantine(self.lake, staged)
        outcomes = _added_up(parts)
        empty = contract.schema.empty_table()
        volume = self.subject.volume(name)
        whole = Audited(contract, staged, empty, aside, {}, {}, self.subject.age_hours(name, self.now), rows, volume)
        unusable = any(len(part.results) == 1 for part in parts)
        # A part that could not be read has left no hashes of its keys.
        compared = self.layer == layers.BRONZE and not unusable
        results = []
        for rule in (SCHEMA_RULE, PART_RULE, *contract.rules):
            outcome = outcomes.get(_name(rule))
            if rule.check in _WHOLE_TABLE_RULES[self.layer] and not unusable:
                outcome = applied(rule, CHECKS[self.layer], whole)
            if outcome is not None and rule.metric == "duplicateValues" and compared:
                outcome = self._with_repeated(contract, outcome)
            if outcome is not None:
                results.append(RuleResult(rule, outcome))
        if not unusable:
            results[1:1] = _left_out(contract, staged)
        files = tuple(file for part in parts for file in part.files)
        counted = added_up(part.columns for part in parts)
        return TableResult(name, files, rows, len(aside), reasons(aside), results, counted)

    def _with_repeated(self, contract: Contract, outcome: Outcome) -> Outcome:
        """Add the keys that repeat across parts to those that repeat within one."""
        if self.staged[contract.table]["parts"] == 1 or contract.key == (PARTITION_KEY,):
            return outcome
        keys = [layout.part_hashes_key(self.run_id, self.layer, contract.table, part) for part in range(self.parts)]
        hashes = list(together(self.lake.read_bytes, keys))
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
        shown = quoting.keys(pa.array(repeating, pa.string()), known_words).to_pylist()
        examples = sorted({*outcome.examples, *shown})[:EXAMPLES]
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


def _left_out(contract: Contract, staged: StagedTable) -> list[RuleResult]:
    """Return the warning about columns of a CSV that the contract does not have and the run left out; none without."""
    new = staged.get("new_columns", [])
    columns = len(contract.columns) + len(new)
    return [RuleResult(NEW_COLUMNS_RULE, Outcome(len(new), columns, tuple(new[:EXAMPLES])))] if new else []


def applied(rule: Rule, modules: tuple[ModuleType, ...], audited: Audited) -> Outcome:
    """Return what a table rule finds, with the limits that its contract gives it."""
    return check_named(rule.check, modules)(audited, **(rule.arguments or {}))


def check_named(name: str, modules: tuple[ModuleType, ...]) -> Check:
    """Return the table rule with a name; raise `ContractError` when no module has it."""
    for module in modules:
        check: Check | None = getattr(module, name, None)
        if callable(check) and check.__module__ == module.__name__ and not name.startswith("_"):
            return check
    raise ContractError(f"no table rule is called '{name}'; they are functions in functions/tests/checks/")


def _unusable(name: str, staged: StagedTable | None, outcome: Outcome) -> TableResult:
    """Return the result of a table that could not be examined, as it is missing, unreadable or of another schema."""
    return TableResult(name, (), 0, staged["quarantined"] if staged else 0, {}, [RuleResult(SCHEMA_RULE, outcome)])


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
    files = [asdict(file) for file in result.files]
    columns = [asdict(column) for column in result.columns]
    return {"table": result.table, "files": files, "rows": result.rows, "outcomes": outcomes, "columns": columns}


def _from_record(record: Mapping[str, Any]) -> TableResult:
    rules = {_name(rule): rule for rule in (SCHEMA_RULE, PART_RULE, *load(record["table"]).rules)}
    results = [
        RuleResult(rules[name, column], Outcome(failed, examined, tuple(examples)))
        for name, column, failed, examined, examples in record["outcomes"]
    ]
    files = tuple(AuditedFile(**file) for file in record["files"])
    columns = tuple(map(ColumnProfile.of_json, record["columns"]))
    return TableResult(record["table"], files, record["rows"], 0, {}, results, columns)
