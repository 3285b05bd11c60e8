"""The shapes of exports that are measured: the same company, written as others write it."""

from dataclasses import replace
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
    # Polars and DuckDB are in an environment of their own, which need not be there: ours, once as a peer.
    monkeypatch.setattr(engines.Engine, "ours", True)
    peer = replace(engines.OUR_ENGINE, name="peer")
    absent = replace(peer, name="absent", needs="a-program-that-is-nowhere")
    monkeypatch.setattr(measure, "GENERAL", (peer, absent))
    limits = Limits(60, 1 << 40)
    for shape in shapes.SHAPES:
        assert shapes.missing(200, shape)
        measure.made_shape(200, shape, limits)
        assert not shapes.missing(200, shape)
    said: list[str] = []
    whole, bronze = measure.measured_shapes(200, 1, limits, said.append)
    assert said == [
        "clean, 1 of 1", "clean, 1 of 1: peer", "clean, 1 of 1: absent",
        "quoted, 1 of 1", "quoted, 1 of 1: peer", "quoted, 1 of 1: absent",
    ]  # fmt: skip
    assert (whole.job, bronze.job) == (engines.SHAPES_END_TO_END, engines.SHAPES_BRONZE)
    assert list(whole.engines) == list(bronze.engines) == ["clean", "quoted"]
    assert all(its.median.cpu > 0 for table in (whole, bronze) for its in table.engines.values())
    assert not bronze.peers
    for peers in whole.peers.values():
        assert peers["peer"].median.cpu > 0
        assert "a-program-that-is-nowhere" in peers["absent"].failure


def test_a_peer_whose_totals_differ_is_named_with_its_shape_but_not_where_rows_are_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The peer's orders are other ones than ours."""
    monkeypatch.setattr(inputs, "CACHE", tmp_path)
    limits = Limits(60, 1 << 40)
    monkeypatch.setattr(shapes, "SHAPES", (NAMED["broken"],))
    measure.made_shape(300, NAMED["broken"], limits)
    monkeypatch.setattr(shapes, "SHAPES", (NAMED["random"],))
    measure.made_shape(200, NAMED["random"], limits)
    monkeypatch.setattr(engines.Engine, "ours", True)
    monkeypatch.setattr(measure, "GENERAL", (replace(engines.OUR_ENGINE, name="peer"),))
    other = shapes.folder(300, NAMED["broken"])
    monkeypatch.setattr(measure, "source", lambda engine, job, home: other / "csv")
    with pytest.raises(measure.DisagreementError, match=r"peer \(random\) and random"):
        measure.measured_shapes(200, 1, limits, lambda _: None)
    monkeypatch.setattr(shapes, "SHAPES", (NAMED["broken"],))
    monkeypatch.setattr(measure, "source", lambda engine, job, home: shapes.folder(200, NAMED["random"]) / "csv")
    (whole, _) = measure.measured_shapes(300, 1, limits, lambda _: None)
    assert whole.peers["broken"]["peer"].failure == ""
