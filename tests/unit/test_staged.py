"""What a write Lambda left, read without trust: what is said of it is short, and says how much more there is."""

import numpy as np
import pyarrow as pa
import pytest
from audits import audited, found
from lakehouse_tables import FACT

from lakehouse.contract.model import load
from lakehouse.contract.quality import Outcome
from lakehouse.contract.quarantine import quarantined, reasons
from lakehouse.errors import LakehouseError, StorageError
from lakehouse.lake.layout import BRONZE
from tests.staged import by_table, read_table


def aside(*reasons_of_rows):
    """Rows set aside, from line 2 on, for the given lists of reasons."""
    rows = len(reasons_of_rows)
    lines = np.arange(2, rows + 2)
    texts = pa.array(["..."] * rows, pa.string())
    return quarantined("pedidos.csv", lines, texts, pa.array(reasons_of_rows, pa.list_(pa.string())))


def test_reasons_are_counted_the_most_frequent_first_and_the_others_by_name():
    assert list(reasons(aside(["b", "a"], ["c", "b"], ["b"])).items()) == [("b", 3), ("a", 1), ("c", 1)]
    assert reasons(aside()) == {}


@pytest.mark.parametrize("kinds", [20, 21, 22])
def test_beyond_twenty_kinds_of_reasons_the_rest_are_counted_together(kinds):
    names = [chr(ord("a") + kind) for kind in range(kinds)]
    counted = reasons(aside(*[[name] for name in names], ["a"]))
    assert {name: counted[name] for name in names[:20]} == {"a": 2} | dict.fromkeys(names[1:20], 1)
    assert counted.get("outros motivos", 0) == kinds - 20
    assert len(counted) == min(kinds, 21)


def test_rows_set_aside_are_a_warning_with_the_places_of_the_first_five():
    orders = load("pedidos").schema.empty_table()
    outcome = found("linhas_em_quarentena", audited("pedidos", orders, quarantine=aside(*[["x"]] * 6)))
    assert outcome == Outcome(6, 6, tuple(f"pedidos.csv:{line}" for line in range(2, 7)))


def test_a_table_that_is_not_there_says_why_in_at_most_200_characters():
    assert read_table(None, FACT, None) == Outcome(1, 1, ("the write step did not stage it",))
    assert read_table(None, FACT, None, "w" * 201) == Outcome(1, 1, ("w" * 200,))


def test_why_a_file_cannot_be_read_is_told_in_at_most_200_characters():
    class Gone:
        def get(self, key):
            raise StorageError(key + "w" * 200)

    assert read_table(Gone(), FACT, "key ") == Outcome(1, 1, ("key " + "w" * 196,))


def test_a_table_of_another_layer_or_twice_is_refused_by_all_of_their_names():
    entries = [{"table": name} for name in ("cambio", "pedidos", "pedidos", "clientes")]
    with pytest.raises(LakehouseError, match="staged clientes, pedidos: not of the layer, or twice"):
        by_table(BRONZE, entries)
    assert list(by_table(BRONZE, entries[:2])) == ["cambio", "pedidos"]
