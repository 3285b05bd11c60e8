"""The shapes of exports that are measured: the same company, written as others write it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bench import engines, inputs, measure, shapes
from bench.process import Limits
from bench.shapes import CLEAN, NAMED, SHAPES, Shape, uuids
from bronze.csv.source import check, normalise
from bronze.judging import Normalised
from bronze.synthetic.company import generate

pytestmark = pytest.mark.once

TABLE = "itens_pedido"


@pytest.fixture(scope="module")
def items() -> pa.Table:
    return generate(8_000, 5)[TABLE]


def read(table: pa.Table, shape: Shape, folder: Path) -> Normalised:
    path = folder / f"{TABLE}.csv"
    shapes.write(TABLE, table, shape, np.random.default_rng(1), path)
    check({TABLE: path})
    return normalise(TABLE, path)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if not shape.broken], ids=lambda shape: shape.name)
def test_a_shape_says_what_the_clean_export_says(items: pa.Table, shape: Shape, tmp_path: Path) -> None:
    found = read(items, shape, tmp_path)
    assert len(found.quarantine) == 0
    expected = items.set_column(0, "item_id", uuids(items["item_id"].combine_chunks())) if shape.uuids else items
    if shape.uuids:
        expected = expected.set_column(1, "pedido_id", uuids(items["pedido_id"].combine_chunks()))
    in_order = found.kept.sort_by("item_id")
    assert in_order.equals(expected.cast(found.kept.schema).sort_by("item_id"))
    content = (tmp_path / f"{TABLE}.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") == shape.bom
    assert (b"\r\n" in content) == shape.crlf
    assert (content.count(b'"') > len(items) * items.num_columns) == shape.quoted
    ascends = found.kept["item_id"].to_pylist() == in_order["item_id"].to_pylist()
    assert ascends == (not shape.shuffled)


@pytest.mark.parametrize("name", ["broken", "all"])
def test_of_a_broken_export_less_than_one_row_in_a_hundred_is_set_aside(
    items: pa.Table, name: str, tmp_path: Path
) -> None:
    found = read(items, NAMED[name], tmp_path)
    # Some of what is written in place of a value is one: any text is a text.
    assert len(items) // 200 < len(found.quarantine) <= len(items) // 100
    assert found.rows_read == len(items)
    reasons = " ".join(pc.list_flatten(found.quarantine["motivos"]).to_pylist())
    assert all(part in reasons for part in ("campos", "aspas fora do lugar", "não é um número", "falta o valor"))


def test_a_key_becomes_the_same_uuid_wherever_it_is_and_others_become_others() -> None:
    made = uuids(pa.array(["PED1", None, "PED2", "PED1"])).to_pylist()
    assert made[1] is None
    assert made[0] == made[3] != made[2]
    assert [len(part) for part in made[0].split("-")] == [8, 4, 4, 4, 12]


def test_shapes_are_made_once_and_measured_in_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(inputs, "CACHE", tmp_path)
    monkeypatch.setattr(shapes, "SHAPES", (NAMED[CLEAN], NAMED["quoted"]))
    limits = Limits(60, 1 << 40)
    for shape in shapes.SHAPES:
        assert shapes.missing(200, shape)
        measure.made_shape(200, shape, limits)
        assert not shapes.missing(200, shape)
    said: list[str] = []
    whole, bronze = measure.measured_shapes(200, 1, limits, said.append)
    assert said == ["clean, 1 of 1", "quoted, 1 of 1"]
    assert (whole.job, bronze.job) == (engines.SHAPES_END_TO_END, engines.SHAPES_BRONZE)
    assert list(whole.engines) == list(bronze.engines) == ["clean", "quoted"]
    assert all(its.median.cpu > 0 for table in (whole, bronze) for its in table.engines.values())
