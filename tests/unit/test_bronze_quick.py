"""The quick way through a CSV: it reads what the careful way reads, and names what it is not sure of."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lakehouse_tables import PARTED
from read_apart import read_apart
from spoiled_exports import written

from bronze.csv import pieces, quick
from bronze.csv.records import LATER_BOM, LONGEST_RECORD
from bronze.csv.source import check, normalise, write
from bronze.csv.text import write_csv
from bronze.part_files import PartFiles
from bronze.synthetic.company import accepted, generate
from lakehouse.contract.model import load
from lakehouse.engine import parquet
from lakehouse.lake.layout import file_name
from lakehouse.parts import part_of

HEADERS = {table: load(table).schema.names for table in PARTED}
KEYS = {"pedidos": ["pedido_id"], "itens_pedido": ["item_id", "pedido_id"], "pagamentos": ["pagamento_id", "pedido_id"]}
GOOD = {
    "pedidos": "PED001,2024-10-15,FORN001,10.50,ENTREGUE,PIX,7,2024-10-22,ana.silva,",
    "itens_pedido": "ITEM001,PED001,PROD001,2,5.25,0.0000,10.50,2024-10-15,Importação",
    "pagamentos": "PAG001,PED001,FORN001,2024-10-15,10.50,PIX,PAGO,1.000000,BRL,10.50,1,1,2024-10-15,ana.silva",
}
# What numbers, dates, domains and texts are mistaken for.
STRANGE = [
    "", " ", "1e3", "0x1F", "+5", "-5", "5.", ".5", "1..2", "10.505", "10.000", "1.", " 10.50", "10.50 ", "00010.50",
    "1_000", "nan", "10,50", "9" * 16 + ".99", "9" * 17 + ".99", "2024-02-30", "2024-2-3", "9999-12-31", "PIX ",
    "pix", "brl", "--", "\ufeff10.50", "\ufeff", "Sa\u0303o", "São", "\u00a0x", "x\t", "a\x00b", "null", "NULL", "NA",
    "\u2028", "1.0", "100.0001", "PED\u00e9",
]  # fmt: skip
UNQUOTED = st.text(st.characters(exclude_characters='"', codec="utf-8"), max_size=6)
cases = st.sampled_from(PARTED).flatmap(
    lambda table: st.tuples(
        st.just(table),
        st.lists(
            st.tuples(st.integers(0, len(HEADERS[table]) - 1), st.one_of(st.sampled_from(STRANGE), UNQUOTED)),
            max_size=3,
        ),
    )
)


@contextmanager
def only_the_careful_way() -> Iterator[None]:
    with patch.object(quick, "read", return_value=None):
        yield


@contextmanager
def every_quote_rare() -> Iterator[None]:
    with patch.object(quick, "_RARE", 1.0):
        yield


def read_quickly(table: str, body: bytes) -> quick.Found | None:
    return quick.read(load(table), HEADERS[table], KEYS[table], body, LONGEST_RECORD)


def sure_lines(table: str, body: bytes) -> list[int]:
    """Return the lines that go the quick way."""
    found = read_quickly(table, body)
    assert found is not None
    return found.line[found.sure].tolist()


def row(table: str, number: int, changes: Iterable[tuple[int, str]] = ()) -> str:
    """Return a good row of a key of its own, in which some fields may be others."""
    fields = GOOD[table].replace("001", f"{number:03d}", 1).split(",")
    for place, value in changes:
        fields[place] = value
    return ",".join(fields)


def assert_both_ways_agree(table: str, rows: list[str], end: bytes = b"\n") -> None:
    """Compare both ways on some rows among as many good ones, so that the quick way does not decline."""
    good = [row(table, 500 + number) for number in range(len(rows) + 1)]
    body = end.join(each.encode() for each in [*good, *rows])
    with TemporaryDirectory() as name:
        path = Path(name, f"{table}.csv")
        path.write_bytes(",".join(HEADERS[table]).encode() + b"\n" + body)
        found = normalise(table, path)
        with every_quote_rare():
            without_its_quotes = normalise(table, path)
        with only_the_careful_way():
            careful = normalise(table, path)
    for each in (found, without_its_quotes):
        assert each.kept.equals(careful.kept)
        assert each.quarantine.equals(careful.quarantine)
        assert each.rows_read == careful.rows_read
    assert set(range(len(good))) <= set(sure_lines(table, body))


@given(cases, st.sampled_from([b"\n", b"\r\n"]))
@example(("pedidos", []), b"\n")
def test_what_the_quick_way_reads_the_careful_way_reads_too(
    case: tuple[str, list[tuple[int, str]]], end: bytes
) -> None:
    table, changes = case
    assert_both_ways_agree(table, [row(table, 1, changes)], end)


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("table", PARTED)
def test_what_values_are_mistaken_for_is_mistaken_in_no_column(table: str, value: str) -> None:
    places = range(len(HEADERS[table]))
    assert_both_ways_agree(table, [row(table, place, [(place, value)]) for place in places])


@pytest.mark.parametrize("table", PARTED)
def test_an_ordinary_file_goes_the_quick_way(table: str) -> None:
    assert sure_lines(table, f"{GOOD[table]}\n".encode()) == [0]


@pytest.mark.parametrize("table", PARTED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quoted_file_goes_the_quick_way_too(table: str, end: str) -> None:
    quoted = '"' + GOOD[table].replace(",", '","') + '"'
    some = GOOD[table].replace("PED001", '"PED,""001"""')
    assert sure_lines(table, f"{quoted}{end}{some}{end}{GOOD[table]}".encode()) == [0, 1, 2]


def test_whatever_is_in_a_file_both_ways_write_the_same_bytes(tmp_path: Path) -> None:
    for seed in range(40):
        random = Random(seed)
        table = random.choice(PARTED)
        content, file = written(random, table), tmp_path / f"{table}.csv"
        file.write_bytes(content)
        if read_apart(table, content) is None:
            continue
        size, made = random.choice([200, 2_000, 1 << 20]), []
        for way in (nullcontext, every_quote_rare, only_the_careful_way):
            folder = tmp_path / way.__name__
            folder.mkdir(exist_ok=True)
            with way():
                files = write(table, file, 3, folder, piece=size)
            made.append((files, [path.read_bytes() for path in files.paths]))
        *quickly, (careful, careful_bytes) = made
        for found, bytes_ in quickly:
            assert found.quarantine.equals(careful.quarantine), f"seed {seed}: {content!r}"
            assert (found.rows, found.rows_read) == (careful.rows, careful.rows_read)
            assert bytes_ == careful_bytes, f"seed {seed}: {content!r}"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 3 000 orders: with rows that repeat keys, near and far, rows that cannot be typed, and quoted ones."""
    folder = tmp_path_factory.mktemp("export")
    write_csv(generate(3_000, 5), folder)
    for table in PARTED:
        path = folder / f"{table}.csv"
        head, *lines = path.read_text().splitlines()
        fields = lines[17].split(",")
        fields[-1] = '"um, dois"'
        lines[17] = ",".join(fields)
        lines[40] = lines[40].replace(",2", ",x", 1)
        lines[900:900] = [lines[3], lines[901], "cedo,demais"]
        path.write_text("\n".join([head, *lines, lines[40], lines[2], lines[0]]) + "\n")
    return folder


@pytest.mark.parametrize("table", PARTED)
@pytest.mark.parametrize("parts", [1, 7, 64])
def test_parts_hold_together_what_is_read_and_each_row_is_in_its_part(
    export: Path, tmp_path: Path, table: str, parts: int
) -> None:
    with only_the_careful_way():
        whole = normalise(table, export / f"{table}.csv")
    assert len(whole.quarantine) >= 5
    made = write(table, export / f"{table}.csv", parts, tmp_path, piece=20_000)
    assert [path.name for path in made.paths] == [file_name(table, part, parts) for part in range(parts)]
    found = [parquet.read(path) for path in made.paths]
    of_part = part_of(whole.kept["pedido_id"], parts)
    for part, rows in enumerate(found):
        # In the order of the file, so that one part is the file.
        assert rows.equals(whole.kept.filter(pa.array(of_part == part)))
    assert made.quarantine.equals(whole.quarantine)
    assert (made.rows, made.rows_read) == (len(whole.kept), whole.rows_read)


@given(st.lists(st.integers(0, 20), max_size=30), st.booleans(), st.integers(1, 400))
def test_of_each_key_the_first_row_stays_in_any_order_and_whatever_piece_it_is_in(
    numbers: list[int], in_order: bool, piece: int
) -> None:
    keys = [f"PED{number:03d}" for number in (sorted(numbers) if in_order else numbers)]
    with TemporaryDirectory() as name:
        path = Path(name, "pedidos.csv")
        rows = [GOOD["pedidos"].replace("PED001", key) for key in keys]
        path.write_text("\n".join([",".join(HEADERS["pedidos"]), *rows, ""]))
        made = normalise("pedidos", path, piece=piece)
    first = {key: keys.index(key) + 2 for key in keys}
    assert made.kept["pedido_id"].to_pylist() == list(first)
    assert [(row["linha"], row["motivos"]) for row in made.quarantine.to_pylist()] == [
        (line, [f"chave: a chave ({key}) repete a da linha {first[key]}"])
        for line, key in enumerate(keys, 2) if line != first[key]
    ]  # fmt: skip


def test_the_same_file_gives_the_same_bytes(export: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write("pagamentos", export / "pagamentos.csv", 7, tmp_path / name, piece=20_000)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_rows_that_wait_become_row_groups_and_lose_nothing(tmp_path: Path) -> None:
    rows = accepted("pedidos", generate(2_000, 9)["pedidos"]).kept
    files = PartFiles("pedidos", 3, tmp_path, waiting=20_000)
    for start in range(0, 2_000, 150):
        files.add(rows.slice(start, 150))
    files.close(rows.schema)
    of_part = part_of(rows["pedido_id"], 3)
    for part, path in enumerate(files.paths):
        assert pq.read_metadata(path).num_row_groups > 1
        assert parquet.read(path).equals(rows.filter(pa.array(of_part == part)))


def test_rows_that_wait_can_be_dropped_and_those_that_were_written_cannot(tmp_path: Path) -> None:
    rows = accepted("pedidos", generate(500, 9)["pedidos"]).kept
    files = PartFiles("pedidos", 3, tmp_path)
    for start in range(0, 500, 150):
        files.add(rows.slice(start, 150))
    dropped = np.array([0, 149, 150, 499])
    assert files.drop(dropped)
    files.close(rows.schema)
    expected = rows.take(pa.array(np.setdiff1d(np.arange(500), dropped)))
    of_part = part_of(expected["pedido_id"], 3)
    for part, path in enumerate(files.paths):
        assert parquet.read(path).equals(expected.filter(pa.array(of_part == part)))
    written_already = PartFiles("pedidos", 3, tmp_path, waiting=1)
    written_already.add(rows)
    assert not written_already.drop(dropped)
    written_already.clear()


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.sampled_from([1, 3]), st.integers(0, 59))
def test_of_rows_that_are_added_those_that_stay_are_in_their_parts(stays: list[bool], parts: int, dropped: int) -> None:
    rows = accepted("pedidos", generate(60, 9)["pedidos"]).kept.slice(0, len(stays))
    stay = np.array(stays)
    expected = pa.concat_tables([rows.filter(pa.array(stay)), rows])
    with TemporaryDirectory() as folder:
        files = PartFiles("pedidos", parts, Path(folder))
        files.add(rows, stay)
        files.add(rows)
        dropped %= len(expected)
        assert files.drop(np.array([dropped]))
        files.close(rows.schema)
        expected = expected.take(pa.array(np.setdiff1d(np.arange(len(expected)), [dropped])))
        of_part = part_of(expected["pedido_id"], parts)
        for part, path in enumerate(files.paths):
            assert parquet.read(path).equals(expected.filter(pa.array(of_part == part)))


@pytest.mark.parametrize("waiting", [1, 1 << 28])
def test_rows_that_repeat_a_key_are_set_aside_whether_rows_were_written_before_or_not(
    export: Path, tmp_path: Path, waiting: int
) -> None:
    with only_the_careful_way():
        whole = normalise("itens_pedido", export / "itens_pedido.csv")
    with patch.object(PartFiles.__init__, "__defaults__", (waiting, None)):
        made = write("itens_pedido", export / "itens_pedido.csv", 1, tmp_path, piece=20_000)
    assert made.quarantine.equals(whole.quarantine)
    assert parquet.read(made.paths[0]).equals(whole.kept)
    assert sum("repete a da linha" in " ".join(row["motivos"]) for row in whole.quarantine.to_pylist()) >= 3


def test_a_key_repeats_across_a_stretch_without_a_row_however_long_it_is(tmp_path: Path) -> None:
    path = tmp_path / "pedidos.csv"
    first = GOOD["pedidos"]
    path.write_text("\n".join([",".join(HEADERS["pedidos"]), first, *["x"] * 60_000, first, ""]))
    made = normalise("pedidos", path, piece=10_000)
    assert len(made.kept) == 1
    assert made.quarantine.slice(60_000).to_pylist()[0]["motivos"] == ["chave: a chave (PED001) repete a da linha 2"]


def test_a_part_without_rows_is_a_file_without_rows(tmp_path: Path) -> None:
    rows = accepted("pedidos", generate(1, 9)["pedidos"]).kept
    files = PartFiles("pedidos", 64, tmp_path)
    files.add(rows)
    files.close(rows.schema)
    tables = [parquet.read(path) for path in files.paths]
    assert sorted(len(table) for table in tables) == [0] * 63 + [1]
    assert {table.schema for table in tables} == {load("pedidos").schema}


@pytest.mark.parametrize("strange", ["10.50|1e3", "PED007777|\x00", "PIX|PIX,x", 'PIX|P"IX'])
def test_one_strange_row_is_read_carefully_and_no_other(tmp_path: Path, strange: str) -> None:
    path = tmp_path / "pedidos.csv"
    lines = [GOOD["pedidos"].replace("PED001", f"PED{n:06d}") for n in range(20_000)]
    lines[7_777] = lines[7_777].replace(*strange.split("|"))
    path.write_text("\n".join([",".join(HEADERS["pedidos"]), *lines, ""]))
    carefully = pieces._Reader.carefully
    seen = []
    with patch.object(
        pieces._Reader, "carefully", lambda self, records: seen.append(len(records)) or carefully(self, records)
    ):
        made = normalise("pedidos", path)
    assert [row["linha"] for row in made.quarantine.to_pylist()] == [7_779]
    assert seen == [1]


def test_a_strange_row_may_be_longer_than_a_piece(tmp_path: Path) -> None:
    path = tmp_path / "pedidos.csv"
    strange = GOOD["pedidos"].replace("PED001", "PED002") + "\x01" + "x" * (1 << 19)
    path.write_text("\n".join([",".join(HEADERS["pedidos"]), GOOD["pedidos"], strange, ""]))
    made = normalise("pedidos", path, piece=1_000)
    assert (len(made.kept), made.quarantine["linha"].to_pylist()) == (1, [3])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [300, 1_000, 100_000])
def test_lines_are_numbered_through_pieces_and_parts_of_them(tmp_path: Path, end: str, piece: int) -> None:
    path = tmp_path / "pedidos.csv"
    lines = [GOOD["pedidos"].replace("PED001", f"PED{n:06d}") for n in range(200)]
    for strange in (0, 57, 58, 199):
        lines[strange] = lines[strange].replace("10.50", "1e3")
    lines[100] += '"x' + end + 'y"'
    path.write_bytes(end.join([",".join(HEADERS["pedidos"]), *lines]).encode())
    made = normalise("pedidos", path, piece=piece)
    assert made.quarantine["linha"].to_pylist() == [2, 59, 60, 202]
    assert len(made.kept) == 196


@pytest.mark.parametrize(
    ("column", "value", "is_quick"),
    [
        ("observacoes", "um pedido, que não é", False),  # a comma makes another field
        ("observacoes", "um pedido ~ com espaços", True),
        ("observacoes", "a\x1fb", False),
        ("observacoes", "a\x7fb", True),
        ("observacoes", "Sa\u0303o", True),  # it is composed
        ("pedido_id", "PED-001~!", True),
        ("pedido_id", " PED 001", True),
        ("pedido_id", "PED\x7f01", True),
        ("pedido_id", "PED\u00e9", True),
        ("data_pedido", "2024-02-29", True),
        ("data_pedido", "0001-01-01", True),
        ("data_pedido", "0000-12-31", False),
        ("data_pedido", "2024-02-30", False),
        ("valor_total_brl", "10.5", True),
        ("valor_total_brl", "10", True),
        ("valor_total_brl", ".50", False),
        ("valor_total_brl", "10.", False),
        ("valor_total_brl", "1/2", False),
        ("valor_total_brl", "10.505", False),
        ("status", "ENTREGUE ", True),  # its few values are cleaned as the careful way cleans them
        ("status", "entregue?", False),
        ("prazo_dias", "007", True),
        ("prazo_dias", "7.5", False),
        ("prazo_dias", "-1", False),  # breaks a rule
    ],
)
def test_what_goes_the_quick_way_and_what_does_not(column: str, value: str, is_quick: bool) -> None:
    fields = GOOD["pedidos"].split(",")
    fields[HEADERS["pedidos"].index(column)] = value
    body = f"{GOOD['pedidos']}\n{','.join(fields)}".encode()
    for text in (body, body + b"\n", body.replace(b"\n", b"\r\n")):
        assert sure_lines("pedidos", text) == [0] + [1] * is_quick


def test_of_more_decimals_than_there_are_zeros_are_no_number_either() -> None:
    changed = GOOD["pedidos"].replace("10.50", "{}")
    body = "\n".join(changed.format(value) for value in ("10", "7.5", "10.000")).encode()
    assert sure_lines("pedidos", body) == [0, 1]


@pytest.mark.parametrize("marks", [1, 2, 3])
def test_byte_order_marks_before_a_file_are_not_part_of_it(tmp_path: Path, marks: int) -> None:
    file = tmp_path / "pedidos.csv"
    content = f"{','.join(HEADERS['pedidos'])}\n{GOOD['pedidos']}\n"
    file.write_text("\ufeff" * marks + content)
    check({"pedidos": file})
    assert normalise("pedidos", file).kept["pedido_id"].to_pylist() == ["PED001"]


@pytest.mark.parametrize("piece", [150, 1 << 20])
def test_a_mark_before_a_later_row_sets_that_row_aside_wherever_a_piece_begins(tmp_path: Path, piece: int) -> None:
    file = tmp_path / "pedidos.csv"
    rows = [GOOD["pedidos"].replace("PED001", f"PED{n:03d}") for n in range(6)]
    rows[3] = f"\ufeff{rows[3]}"
    file.write_text("\n".join([",".join(HEADERS["pedidos"]), *rows]))
    read = normalise("pedidos", file, piece=piece)
    assert read.kept["pedido_id"].to_pylist() == [f"PED{n:03d}" for n in (0, 1, 2, 4, 5)]
    assert read.quarantine["linha"].to_pylist() == [5]
    assert read.quarantine["motivos"].to_pylist() == [[LATER_BOM]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [1_000, 1 << 20])
def test_blank_lines_are_no_rows_however_many_there_are(tmp_path: Path, end: str, piece: int) -> None:
    file = tmp_path / "pedidos.csv"
    last = GOOD["pedidos"].replace("PED001", "PED002").replace("10.50", "x")
    file.write_bytes(
        end.join([",".join(HEADERS["pedidos"]), GOOD["pedidos"], *[""] * 300_000, last, *[""] * 9, " "]).encode()
    )
    read = normalise("pedidos", file, piece=piece)
    assert read.kept["pedido_id"].to_pylist() == ["PED001"]
    assert read.quarantine["linha"].to_pylist() == [300_003, 300_013]


def test_an_empty_amount_is_null_beside_others_of_any_number_of_decimals() -> None:
    sure = np.ones(4, bool)
    amounts = quick._amounts(pa.array(["10.5", "", "x", "7"]), sure)
    assert sure.tolist() == [True, True, False, True]
    assert amounts.filter(pa.array(sure)).to_pylist() == [Decimal("10.50"), None, Decimal("7.00")]


@pytest.mark.parametrize("table", PARTED)
@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("{0}\n\n{0}\n", [0, 2]), ("\n{0}\n", [1]), ("{0}\r\n{0}\r{0}\n", [0]), ("{0}\n{0},x\n", [0]),
        ("{0}\nx\n{0}", [0, 2]), ('{0}\n"\n{0}', [0, 2]),
    ],
)  # fmt: skip
def test_lines_that_are_no_rows_or_rows_of_other_fields_are_read_apart(table: str, text: str, sure: list[int]) -> None:
    found = read_quickly(table, text.format(GOOD[table]).encode())
    assert found is not None
    assert found.line[found.sure].tolist() == sure
    assert found.apart.first.tolist() == [line for line in range(text.count("\n") + 1) if line not in sure][:1]


def test_where_hardly_a_row_is_ordinary_the_piece_is_read_carefully() -> None:
    assert read_quickly("pedidos", b"x\n" * 10) is None
    assert read_quickly("pedidos", b"\x00\n" * 10) is None
    assert read_quickly("pedidos", GOOD["pedidos"].replace("10.50", "x").encode()) is None
