"""The quick way through a CSV: wherever it does not decline, it reads what the careful way reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lakehouse_tables import PARTED

from bronze.csv import pieces, quick
from bronze.csv.source import normalise, write
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
    "", " ", "1e3", "0x1F", "+5", "-5", "5.", ".5", "1..2", "10.505", " 10.50", "10.50 ", "00010.50", "1_000", "nan",
    "10,50", "9" * 16 + ".99", "9" * 17 + ".99", "2024-02-30", "2024-2-3", "9999-12-31", "PIX ", "pix", "brl", "--",
    "Sa\u0303o", "São", "\u00a0x", "x\t", "a\x00b", "null", "NULL", "NA", "\u2028", "1.0", "100.0001", "PED\u00e9",
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


def assert_the_careful_way_agrees(table: str, changes: list[tuple[int, str]], end: bytes) -> None:
    fields = GOOD[table].split(",")
    for place, value in changes:
        fields[place] = value
    body = end.join([GOOD[table].encode(), ",".join(fields).encode(), b""])
    found = quick.read(load(table), HEADERS[table], KEYS[table], body)
    if found is None:
        assert changes
        return
    with TemporaryDirectory() as name, only_the_careful_way():
        path = Path(name, f"{table}.csv")
        path.write_bytes(",".join(HEADERS[table]).encode() + b"\n" + body)
        careful = normalise(table, path)
    assert careful.rows_read == 2
    # A key that is there twice is no matter of the quick way: it is judged afterwards.
    assert all("repete a da linha" in why for row in careful.quarantine.to_pylist() for why in row["motivos"])
    assert found.cast(load(table).schema).slice(0, len(careful.kept)).equals(careful.kept)


@given(cases, st.sampled_from([b"\n", b"\r\n"]))
@example(("pedidos", []), b"\n")
def test_what_the_quick_way_reads_the_careful_way_reads_too(
    case: tuple[str, list[tuple[int, str]]], end: bytes
) -> None:
    assert_the_careful_way_agrees(*case, end)


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("table", PARTED)
def test_what_values_are_mistaken_for_is_mistaken_in_no_column(table: str, value: str) -> None:
    for place in range(len(HEADERS[table])):
        assert_the_careful_way_agrees(table, [(place, value)], b"\n")


@pytest.mark.parametrize("table", PARTED)
def test_an_ordinary_file_goes_the_quick_way(table: str) -> None:
    assert quick.read(load(table), HEADERS[table], KEYS[table], f"{GOOD[table]}\n".encode()) is not None


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


def test_a_part_without_rows_is_a_file_without_rows(tmp_path: Path) -> None:
    rows = accepted("pedidos", generate(1, 9)["pedidos"]).kept
    files = PartFiles("pedidos", 64, tmp_path)
    files.add(rows)
    files.close(rows.schema)
    tables = [parquet.read(path) for path in files.paths]
    assert sorted(len(table) for table in tables) == [0] * 63 + [1]
    assert {table.schema for table in tables} == {load("pedidos").schema}


def test_one_strange_row_does_not_send_a_large_piece_the_careful_way(tmp_path: Path) -> None:
    path = tmp_path / "pedidos.csv"
    lines = [GOOD["pedidos"].replace("PED001", f"PED{n:06d}") for n in range(20_000)]
    lines[7_777] = lines[7_777].replace("10.50", "1e3")
    path.write_text("\n".join([",".join(HEADERS["pedidos"]), *lines, ""]))
    carefully = pieces._Reader._carefully
    seen = []
    with patch.object(
        pieces._Reader, "_carefully", lambda self, records: seen.append(len(records)) or carefully(self, records)
    ):
        made = normalise("pedidos", path)
    assert [row["linha"] for row in made.quarantine.to_pylist()] == [7_779]
    assert sum(seen) < 5_000


def test_a_line_that_is_longer_than_what_is_read_carefully_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "pedidos.csv"
    strange = GOOD["pedidos"].replace("PED001", "PED002") + "\x01" + "x" * (2 * pieces._SMALLEST)
    path.write_text("\n".join([",".join(HEADERS["pedidos"]), GOOD["pedidos"], strange, ""]))
    made = normalise("pedidos", path)
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
    with patch.object(pieces, "_SMALLEST", 250):
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
        ("observacoes", "Sa\u0303o", False),  # not composed
        ("pedido_id", "PED-001~!", True),
        ("pedido_id", "PED 001", False),
        ("pedido_id", "PED\x7f01", False),
        ("pedido_id", "PED\u00e9", False),
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
        assert (quick.read(load("pedidos"), HEADERS["pedidos"], KEYS["pedidos"], text) is not None) == is_quick


def test_an_empty_amount_is_null_beside_others_of_any_number_of_decimals() -> None:
    amounts = quick._amounts(load("pedidos").column("valor_total_brl"), pa.array(["10.5", "", "7"]))
    assert amounts is not None
    assert amounts.to_pylist() == [Decimal("10.50"), None, Decimal("7.00")]


@pytest.mark.parametrize("table", PARTED)
@pytest.mark.parametrize("extra", ["{0}\n\n", "\n{0}\n", "{0}\r", "{0}\r{0}\n", "{0},x\n", "{0}\n{0},x\n"])
def test_lines_that_are_no_rows_and_rows_of_more_fields_do_not_go_the_quick_way(table: str, extra: str) -> None:
    text = extra.format(GOOD[table]).encode()
    assert quick.read(load(table), HEADERS[table], KEYS[table], text) is None
