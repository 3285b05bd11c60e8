"""An exported CSV without a person: every byte stays that is not the person's, and nothing becomes valid or invalid."""

import csv
import gzip
import io

import pytest
from compressed import zipped
from hypothesis import given
from hypothesis import strategies as st

from bronze.csv.compression import content_of
from cli.person.columns import erasable, in_place_of
from cli.person.content import holding
from cli.person.csv_file import parts_of
from cli.person.rewriting import raw_fields, rewritten
from cli.person.value import ERASED, Sought
from lakehouse.contract import layers
from lakehouse.contract.model import load

ORDERS, SUPPLIERS = "pedidos", "fornecedores"
HEADER = ",".join(load(ORDERS).schema.names)
ANA = Sought("ana.souza")


def order(number: int, user: str = "bob.lima", note: str = "", **fields: str) -> str:
    values = {
        "pedido_id": f"P{number}", "data_pedido": "2024-01-05", "fornecedor_id": "F1", "valor_total_brl": "10.00",
        "status": "ENTREGUE", "tipo_pagamento": "PIX", "prazo_dias": "0", "data_entrega_prevista": "",
        "usuario_criacao": user, "observacoes": note,
    }  # fmt: skip
    return ",".join((values | fields).values())


def rewritten_bytes(sought: Sought, content: bytes, table: str | None) -> bytes:
    target = io.BytesIO()
    rewritten(sought, io.BytesIO(content), table, target)
    return target.getvalue()


def without(text: str, table: str | None = ORDERS, sought: Sought = ANA) -> str:
    return rewritten_bytes(sought, text.encode(), table).decode()


def places(content: str | bytes, table: str | None = ORDERS, name: str = "x.csv") -> dict[str, tuple[int, ...]]:
    source = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return {each.column: each.lines for each in holding(ANA, name, source, table).places}


def test_only_the_fields_that_have_it_change_and_every_other_byte_stays() -> None:
    text = "\ufeff" + "\r\n".join([
        HEADER, order(1, "ana.souza"), "", order(2, ' "x', note='"a, ""b"""'), order(3, note='"por ANA.SOUZA, ok"'),
        order(4, '"Ana.Souza"'), order(5),
    ]) + "\r\n\r\n"  # fmt: skip
    left = without(text)
    assert left == text.replace("ana.souza", "").replace("ANA.SOUZA", ERASED).replace('"Ana.Souza"', "")
    assert places(text) == {"usuario_criacao": (2, 6), "observacoes": (5,)}
    assert places(left) == {}


def test_a_required_column_gets_a_word_and_another_one_nothing() -> None:
    assert in_place_of(SUPPLIERS, "razao_social") == ERASED
    assert in_place_of(SUPPLIERS, "contato_email") == ""
    names = load(SUPPLIERS).schema.names
    row = dict.fromkeys(names, "") | {"razao_social": "Ana Souza", "contato_email": "x@y.com"}
    text = ",".join(names) + "\n" + ",".join(row.values()) + "\n"
    assert without(text, SUPPLIERS, Sought("ana souza")) == text.replace("Ana Souza", ERASED)
    assert without(text, SUPPLIERS, Sought("X@y.com")) == text.replace("x@y.com", "")


def test_a_malformed_record_loses_it_and_stays_malformed() -> None:
    broken = [order(1, "ana.souza") + ",1", 'P2,"ana.souza,x', order(3, status="ana.souza"), order(4)]
    text = "\n".join([HEADER, *broken])
    left = without(text)
    assert left == text.replace("ana.souza", ERASED)
    assert left.count("\n") == text.count("\n")
    assert places(left) == {}


def test_an_amount_is_nobodys_number() -> None:
    text = "\n".join([HEADER, order(1, valor_total_brl="12345678909.00"), order(2, note="12345678909")])
    assert without(text, sought=Sought("1234567890900")) == text
    assert without(text, sought=Sought("123.456.789-09")) == text.removesuffix("12345678909")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_file_in_another_encoding_is_read_and_written_as_it_is(encoding: str) -> None:
    text = "\r\n".join([HEADER, order(1, "ana.souza", note="Inovação"), order(2)])
    content = text.encode(encoding)
    assert places(content) == {"usuario_criacao": (2,)}
    assert rewritten_bytes(ANA, content, ORDERS) == text.replace("ana.souza", "").encode(encoding)


def test_a_file_of_no_table_loses_it_wherever_it_is() -> None:
    text = 'quem;quando\n"ana.souza",hoje\n'
    assert places(text, None) == {"(text)": (2,)}
    assert places(without(text, None), None) == {}


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cc"]), max_size=8)


@given(st.lists(st.lists(FIELDS, min_size=2, max_size=2), max_size=12), st.data())
def test_reading_it_back_gives_the_same_fields_but_for_the_person(rows: list[list[str]], data: st.DataObject) -> None:
    for row in rows:
        for at in range(2):
            if data.draw(st.booleans()):
                row[at] = "Ana.Souza"
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([["a", "b"], *rows])
    left = without(target.getvalue(), None)
    expected = [["" if each == "Ana.Souza" else each for each in row] for row in [["a", "b"], *rows]]
    found = list(csv.reader(io.StringIO(left, newline="")))
    assert [row or [""] for row in found] == [row if any(row) or len(row) > 1 else [""] for row in expected]


@given(st.lists(FIELDS, min_size=1, max_size=5))
def test_fields_as_they_are_written_make_up_the_record(fields: list[str]) -> None:
    target = io.StringIO()
    csv.writer(target, lineterminator="").writerow(fields)
    record = target.getvalue()
    raw = list(raw_fields(record))
    assert ",".join(raw) == record
    assert len(raw) == len(fields)


@given(st.integers(1, 200))
def test_how_much_is_read_at_once_is_of_no_matter(size: int) -> None:
    text = "\n".join([HEADER, *(order(n, note='"a\nb"' if n % 3 else "") for n in range(6))])
    parts = list(parts_of(io.BytesIO(text.encode()), size))
    assert b"".join(part.data for part in parts) == text.encode()
    assert sum(map(len, parts)) == 7


def test_what_may_go_is_text_on_which_no_key_rule_or_amount_hangs() -> None:
    classified = {
        (table, column.name)
        for table in layers.tables_of(layers.BRONZE)
        for column in load(table).columns
        if column.classification
    }
    assert {name for table, name in classified if name in erasable(table)} == {name for _, name in classified}
    for table in layers.all_tables():
        assert not erasable(table) & set(load(table).key)
    assert not erasable(ORDERS) & {"fornecedor_id", "status", "tipo_pagamento", "data_pedido", "valor_total_brl"}
    assert "razao_social" in erasable(SUPPLIERS)


PACKED = {"gzip": (gzip.compress, "pedidos.csv.gz"), "zip": (zipped, "pedidos.zip")}


@pytest.mark.parametrize("form", PACKED)
def test_a_compressed_export_is_searched_by_its_content_and_written_again_in_its_form(form: str) -> None:
    pack, name = PACKED[form]
    text = f"{HEADER}\n{order(1, 'ana.souza')}\n{order(2)}\n"
    packed = pack(text.encode())
    assert places(packed, name=name) == places(packed) == {"usuario_criacao": (2,)}
    left = rewritten_bytes(ANA, packed, ORDERS)
    assert left[:2] == packed[:2]
    assert places(left) == {}
    with content_of(io.BytesIO(left)) as content:
        assert content.read().decode() == without(text)


def test_what_is_packed_twice_or_damaged_or_otherwise_is_said_not_to_be_searched() -> None:
    for packed in (gzip.compress(gzip.compress(b"ana.souza")), gzip.compress(b"ana.souza")[:-5], b"BZh9ana.souza"):
        found = holding(ANA, "pedidos.csv", io.BytesIO(packed), ORDERS)
        assert found.unread
        assert not found.places
