"""The same company's exports as others write them: quoted, in any order, with other keys, with rows that are broken."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench import inputs
from bronze.csv.normalise import NONE_MARKS
from bronze.synthetic.company import generate
from lakehouse.contract import model
from lakehouse.contract.layers import BRONZE, is_cut, tables_of
from lakehouse.engine.keys import flat
from lakehouse.parts import hashed

CLEAN: Final = "clean"
_BROKEN_OF: Final = 100
# Lines are built so many at a time: one Arrow array holds up to 2 GiB of text.
_BATCH: Final = 500_000
# What is written in place of a value of another type; with a comma of its own it makes a field too many.
_WRONG: Final = ("x", "1e3", "31/12/2024", "2024-02-30", "10,50", "R$ 10", "10.505", "-1", "")
# What happens to some lines as a whole: a field less, a quote that is out of place, one that is never closed.
_BROKEN_LINES: Final = 10
_HYPHENS: Final = (8, 13, 18, 23)


@dataclass(frozen=True)
class Shape:
    """One way of writing the exports of a company.

    Attributes
    ----------
    name, title : str
    quoted, crlf, bom : bool
        Whether all fields are quoted, lines end in CR and LF, and the file begins with a byte order mark.
    shuffled, uuids, broken : bool
        Whether rows are in random order, keys are UUIDs, and one row in a hundred is broken.
    """

    name: str
    title: str
    quoted: bool = False
    crlf: bool = False
    bom: bool = False
    shuffled: bool = False
    uuids: bool = False
    broken: bool = False

    @property
    def most(self) -> float:
        """How many times the CPU time of the clean export it may take, from its CSVs to Gold."""
        return 2.0 if self.quoted and self.broken else 1.5


SHAPES: Final = (
    Shape(CLEAN, "clean: keys ascend, nothing is quoted, no row is wrong"),
    Shape("quoted", "every field quoted", quoted=True),
    Shape("crlf-bom", "CRLF, and a byte order mark", crlf=True, bom=True),
    Shape("random", "rows in random order", shuffled=True),
    Shape("uuids", "keys are UUIDs, rows in random order", uuids=True, shuffled=True),
    Shape("broken", "one row in a hundred broken", broken=True),
    Shape("all", "all of these together", quoted=True, crlf=True, bom=True, shuffled=True, uuids=True, broken=True),
)  # fmt: skip
NAMED: Final = {shape.name: shape for shape in SHAPES}


def folder(orders: int, shape: Shape) -> Path:
    """Return the folder of a shape at one size, with ``csv/`` and the results."""
    return inputs.folder(orders) / "shapes" / shape.name


def missing(orders: int, shape: Shape) -> bool:
    """Return whether the files of a shape have to be made."""
    made_by = folder(orders, shape) / "made_by"
    return not made_by.exists() or made_by.read_text("utf-8") != inputs.stamp(Path(__file__))


def make(source: Path, target: Path) -> None:
    """Write the exports of as many orders as the parent of ``source`` says, in the shape of its name: a job."""
    shape = NAMED[source.name]
    tables = generate(int(source.parent.name), inputs.SEED)
    (target / "csv").mkdir(parents=True)
    for number, (name, table) in enumerate(tables.items()):
        random = np.random.default_rng([inputs.SEED, number])
        write(name, table, shape, random, target / "csv" / f"{name}.csv")
    (target / "made_by").write_text(inputs.stamp(Path(__file__)), "utf-8")


def write(name: str, table: pa.Table, shape: Shape, random: np.random.Generator, path: Path) -> None:
    """Write a table in a shape; only tables that are cut, which are large, have broken rows."""
    columns = {column: flat(table[column]) for column in table.column_names}
    if shape.uuids:
        columns |= {column: uuids(columns[column]) for column in _keys() & columns.keys()}
    text = pa.table({column: _text(values, column) for column, values in columns.items()})
    if shape.shuffled:
        text = text.take(pa.array(random.permutation(len(text))))
    end = "\r\n" if shape.crlf else "\n"
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf" * shape.bom)
        head = pa.table({column: pa.array([column], pa.string()) for column in text.column_names})
        file.write((_lines(head, quoted=shape.quoted)[0].as_py() + end).encode())
        for start in range(0, len(text), _BATCH):
            rows = text.slice(start, _BATCH).combine_chunks()
            broken = random.permutation(len(rows))[: len(rows) // _BROKEN_OF] if shape.broken and is_cut(name) else ()
            lines = _lines(_with_wrong_values(rows, np.sort(broken)), quoted=shape.quoted)
            lines = _with_broken_lines(lines, np.sort(broken)[::_BROKEN_LINES])
            whole = pc.binary_join_element_wise(lines, "", end)
            file.write(memoryview(whole.buffers()[2]))


def uuids(keys: pa.Array) -> pa.Array:
    """Return keys as UUIDs, the same one for the same key wherever it is; NULL stays."""
    low = hashed(pc.fill_null(keys, ""))
    high = (low ^ np.uint64(0x5851F42D4C957F2D)) * np.uint64(0x2545F4914F6CDD1D)
    both = np.stack([low, high], axis=1).view(np.uint8).reshape(-1, 16)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    hexes = np.stack([digits[both >> 4], digits[both & 15]], axis=2).reshape(-1, 32)
    text = np.insert(hexes, [at - order for order, at in enumerate(_HYPHENS)], ord("-"), axis=1)
    bounds = np.arange(len(keys) + 1, dtype=np.int32) * text.shape[1]
    made = pa.StringArray.from_buffers(len(keys), pa.py_buffer(bounds), pa.py_buffer(np.ascontiguousarray(text)))
    return pc.if_else(keys.is_valid(), made, None)


def _keys() -> set[str]:
    """Return the keys of the tables that are cut."""
    return {key for table in tables_of(BRONZE) if is_cut(table) for key in model.load(table).key}


def _text(values: pa.Array, column: str) -> pa.Array:
    return pc.fill_null(values.cast(pa.string()), NONE_MARKS.get(column, ""))


def _lines(text: pa.Table, *, quoted: bool) -> pa.Array:
    fields = [flat(column) for column in text.columns]
    return pc.binary_join_element_wise(*[_field(field, quoted=quoted) for field in fields], ",")


def _field(text: pa.Array, *, quoted: bool) -> pa.Array:
    needs = pa.scalar(True) if quoted else pc.match_substring_regex(text, '[",\\r\\n]')
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), text)


def _with_wrong_values(rows: pa.Table, broken: npt.NDArray[np.int64]) -> pa.Table:
    """Return the rows with a wrong value in each of some, in one column after the other."""
    if not len(broken):
        return rows
    columns: dict[str, pa.Array] = {}
    for number, name in enumerate(rows.column_names):
        mask = np.zeros(len(rows), bool)
        mask[broken[number :: rows.num_columns]] = True
        wrong = pa.array([_WRONG[at % len(_WRONG)] for at in range(int(mask.sum()))], pa.string())
        columns[name] = pc.replace_with_mask(flat(rows[name]), pa.array(mask), wrong)
    return pa.table(columns)


def _with_broken_lines(lines: pa.Array, broken: npt.NDArray[np.int64]) -> pa.Array:
    """Return the lines with some of them broken, in one way after the other."""
    if not len(broken):
        return lines
    mask = np.zeros(len(lines), bool)
    mask[broken] = True
    ways = (
        lambda line: line[line.index(",") + 1 :],
        lambda line: line.replace(",", ',a"b', 1),
        lambda line: f'"{line}',
    )
    spoiled = [ways[at % len(ways)](line) for at, line in enumerate(lines.filter(pa.array(mask)).to_pylist())]
    return pc.replace_with_mask(lines, pa.array(mask), pa.array(spoiled, pa.string()))
