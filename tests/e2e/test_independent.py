"""datacontract-cli executes every rule of an export, and says of each what the audits of this project say."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rule_worlds
from elsewhere import ABSENT
from lakehouse_tables import FACT
from rule_worlds import World, rules, verdict

from cli.contents.checkable import CONTRACT
from cli.contents.independent import PROGRAM, compared, judged
from lakehouse.lake import layout

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.once,
    pytest.mark.skipif(
        not PROGRAM.exists(), reason=f"{ABSENT}datacontract-cli: ./importau audit --independent installs it"
    ),
]
PLANTED = ((rule_worlds.all_broken, ("check",)), (rule_worlds.rows_broken, ("library", "row")))


@pytest.mark.parametrize(("made", "kinds"), PLANTED, ids=[made.__name__ for made, _ in PLANTED])
def test_every_planted_violation_is_found_by_both(
    tmp_path: Path, made: Callable[[], World], kinds: tuple[str, ...]
) -> None:
    world = made()
    world.export(tmp_path)
    _, theirs = judged(tmp_path)
    ours = {(table, rule.name): verdict(rule, world.judged(table, rule).failed) for table, rule in rules(kinds)}
    assert {name: theirs[name].status for name in ours} == ours
    assert "pass" not in ours.values()


def test_what_is_clean_is_clean_to_both_and_a_rule_that_was_not_executed_is_named(tmp_path: Path) -> None:
    world = rule_worlds.clean()
    world.export(tmp_path)
    contract, query = tmp_path / CONTRACT, "SELECT COUNT(*) FROM pedidos WHERE valor_total_brl < 0"
    text = contract.read_text("utf-8")
    assert query in text
    contract.write_text(text.replace(query, f"{query} AND nobody > 1"), "utf-8")
    whole = tmp_path / layout.layer_of(FACT) / layout.file_name(FACT)
    fact = world.tables[FACT]
    for part in range(2):
        rows = fact.take(pa.array(range(part, len(fact), 2)))
        pq.write_table(rows, whole.with_name(layout.file_name(FACT, part, 2)))
    whole.unlink()
    # A table whose name begins with another's is none of that one's files.
    pq.write_table(pa.table({"other": [1]}), tmp_path / "bronze/pedidos_de_outra.parquet")
    statuses = {(name, rule.name): verdict(rule, world.judged(name, rule).failed) for name, rule in rules()}
    entries = [
        {"table": table, "rules": [{"rule": r, "status": s} for (of, r), s in statuses.items() if of == table]}
        for table in world.tables
    ]
    found = compared(tmp_path, [{"tables": entries}], {FACT: 2})
    total = len(rules())
    assert (found.rules, found.executed, found.agreed, found.disagreed) == (total, total - 2, total - 2, 0)
    unknown, unordered = found.differences
    assert (unknown.table, unknown.rule, unknown.theirs) == ("pedidos", "valor_total_brl_nao_negativo", "not executed")
    assert "nobody" in unknown.why
    assert (unordered.table, unordered.rule, unordered.theirs) == (FACT, "ordenado_pela_chave", "not executed")
    assert unordered.why == "each of the table's 2 files is in order; to SQL they are one table"
    assert Counter(statuses.values()) == {"pass": total - 11, "warn": 11}
