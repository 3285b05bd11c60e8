"""The CSV source: seven files in, typed tables and a quarantine out, nothing lost."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from bronze_tables import bronze
from exports import EVERY, Export
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lakehouse_tables import TABLES

from bronze.csv.normalise import typed
from bronze.csv.source import check, normalise
from bronze.csv.text import write_csv
from bronze.judging import Normalised
from bronze.reasons import Reasons
from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.errors import ContractError, InputError
from lakehouse.lake.layout import BRONZE

HEADER = ",".join(load("pedidos").schema.names)
GOOD = "PED{:03d},2024-10-15,FORN001,10.50,ENTREGUE,PIX,7,2024-10-22,ana.silva,"
LOANS = ",".join(load("emprestimos").schema.names)
QUOTATIONS = ",".join(load("cambio").schema.names)


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def read(content: str | bytes, table: str = "pedidos", **options: Any) -> Normalised:
    """Check and read one file; whatever it holds, the accounts must balance."""
    with TemporaryDirectory() as name:
        path = Path(name, f"{table}.csv")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        check({table: path})
        result = normalise(table, path, **options)
    assert result.rows_read == len(result.kept) + len(result.quarantine)
    assert result.kept.schema == load(table).schema
    assert result.quarantine.schema == QUARANTINE
    return result


def orders(*lines: str, **options: Any) -> Normalised:
    return read("\n".join([HEADER, *lines]) + "\n", **options)


def set_aside(result: Normalised) -> list[tuple[int, list[str]]]:
    return [(row["linha"], row["motivos"]) for row in result.quarantine.to_pylist()]


def problems(content: bytes, table: str = "pedidos") -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        read(content, table)
    return caught.value.problems


@pytest.mark.parametrize("export", EVERY)
def test_an_export_loses_one_loan(export: Export) -> None:
    read_tables = {table: normalise(table, export.folder / f"{table}.csv") for table in TABLES[BRONZE]}
    counts = {table: (len(result.kept), len(result.quarantine)) for table, result in read_tables.items()}
    assert counts == {table: (export.of_table[table], int(table == "emprestimos")) for table in TABLES[BRONZE]}
    (row,) = read_tables["emprestimos"].quarantine.to_pylist()
    lines = (export.folder / "emprestimos.csv").read_text("utf-8").splitlines()
    assert row["texto_original"].startswith(f"{export.loan},")
    assert (row["arquivo"], row["linha"]) == ("emprestimos.csv", export.line)
    assert lines[export.line - 1] == row["texto_original"]
    assert row["motivos"] == ["pagas_ate_o_prazo: num_parcelas_pagas não passa de prazo_meses."]


def test_values_are_typed_by_the_contract() -> None:
    (row,) = orders(
        "PED001,2024-10-15,FORN001,15750.50,ENTREGUE,BOLETO,30,2024-11-14,ana.silva,Urgente"
    ).kept.to_pylist()
    assert row == {
        "pedido_id": "PED001", "data_pedido": date(2024, 10, 15), "fornecedor_id": "FORN001",
        "valor_total_brl": Decimal("15750.50"), "status": "ENTREGUE", "tipo_pagamento": "BOLETO", "prazo_dias": 30,
        "data_entrega_prevista": date(2024, 11, 14), "usuario_criacao": "ana.silva", "observacoes": "Urgente",
    }  # fmt: skip


def test_a_bom_and_crlf_line_ends_and_quoted_commas_are_normal() -> None:
    text = f'\ufeff{HEADER}\r\n{GOOD.format(1)}"Frete, incluso"\r\n{GOOD.format(2)}"diz ""sim""\r\ne não"\r\n'
    result = read(text)
    assert result.kept["pedido_id"].to_pylist() == ["PED001", "PED002"]
    assert result.kept["observacoes"].to_pylist() == ["Frete, incluso", 'diz "sim"\r\ne não']
    assert read(f'"{HEADER.replace(",", chr(34) + "," + chr(34))}"\n{GOOD.format(1)}\n').rows_read == 1


def test_text_is_nfc_and_trimmed_and_the_original_text_is_kept_as_it_was() -> None:
    result = orders(GOOD.format(1) + "  Importac\u0327a\u0303o ", GOOD.format(1) + " Ac\u0327a\u0303o")
    assert result.kept["observacoes"].to_pylist() == ["Importação"]
    assert result.quarantine["texto_original"].to_pylist() == [GOOD.format(1) + " Ac\u0327a\u0303o"]


def test_nothing_is_guessed_to_be_missing_or_a_number() -> None:
    result = orders(*(GOOD.format(n) + text for n, text in enumerate(["NA", "null", "007", "None", "1e5", ""])))
    assert result.kept["observacoes"].to_pylist() == ["NA", "null", "007", "None", "1e5", None]


def test_columns_are_found_by_name_whatever_their_order() -> None:
    names = load("pedidos").schema.names
    values = dict(zip(names, (GOOD.format(1) + "x").split(","), strict=True))
    turned = names[::-1]
    result = read(",".join(turned) + "\n" + ",".join(values[name] for name in turned) + "\n")
    assert result.kept.equals(orders(GOOD.format(1) + "x").kept)


def test_two_hyphens_in_cnpj_are_null() -> None:
    header = ",".join(load("fornecedores").schema.names)
    line = "FORN006,USA Tech,--,Estados Unidos,Tecnologia,A+,10,90 dias,USD,a@b.example,+1-555-123-4567"
    assert read(f"{header}\n{line}\n", "fornecedores").kept["cnpj"].to_pylist() == [None]


def test_a_row_without_its_key_goes_to_quarantine() -> None:
    assert set_aside(orders(GOOD.format(1).replace("PED001", " "))) == [
        (2, ["pedido_id: falta o valor, que é obrigatório"])
    ]


def test_a_row_has_every_reason_in_one_list() -> None:
    line = "PED001,2024-02-30,,-1.005,entregue,PIX,sete,2024-10-22,ana.silva,"
    assert set_aside(orders(line)) == [
        (
            2,
            [
                "data_pedido: '9999-99-99' não existe no calendário",
                "valor_total_brl: '-9.999' tem mais de 2 casas decimais",
                "prazo_dias: 'aaaa' não é um número inteiro (esperado: só dígitos)",
                "status: 'aaaaaaaa' não é um destes valores: ENTREGUE, EM_TRANSITO, PENDENTE, CANCELADO",
                "fornecedor_id: falta o valor, que é obrigatório",
            ],
        )
    ]


def test_a_value_of_another_type_is_not_missing_too() -> None:
    ((_, reasons),) = set_aside(orders(GOOD.format(1).replace("10.50", "dez")))
    assert [reason.split(":")[0] for reason in reasons] == ["valor_total_brl"]


def test_a_row_rule_names_itself_and_says_what_must_hold() -> None:
    line = "EMP001,2024-01-15,Banco,1000.00,12.5,12,100.00,1000.01,ATIVO,Giro,2024-11-15,13,ana.silva"
    assert set_aside(read(f"{LOANS}\n{line}\n", "emprestimos")) == [
        (
            2,
            [
                "saldo_ate_o_principal: saldo_devedor não passa de valor_principal_brl.",
                "pagas_ate_o_prazo: num_parcelas_pagas não passa de prazo_meses.",
            ],
        )
    ]


def test_a_repeated_key_names_the_line_of_the_row_that_stays() -> None:
    result = orders(GOOD.format(1) + "first", GOOD.format(2), GOOD.format(1) + "second", GOOD.format(1) + "third")
    assert result.kept["observacoes"].to_pylist() == ["first", None]
    assert set_aside(result) == [
        (4, ["chave: a chave (PED001) repete a da linha 2"]),
        (5, ["chave: a chave (PED001) repete a da linha 2"]),
    ]


def test_the_first_valid_row_of_a_key_stays_even_after_an_invalid_one() -> None:
    wrong = GOOD.format(1).replace("10.50", "-1.00")
    result = orders(wrong, GOOD.format(1) + "valid", wrong)
    assert result.kept["observacoes"].to_pylist() == ["valid"]
    assert [line for line, _ in set_aside(result)] == [2, 4]
    (_, before), (_, after) = set_aside(result)
    assert len(before) == 1
    assert after == [*before, "chave: a chave (PED001) repete a da linha 3"]


def test_keys_are_compared_after_they_are_cleaned() -> None:
    result = orders(GOOD.format(1), GOOD.format(1).replace("PED001", " PED001"))
    assert set_aside(result) == [(3, ["chave: a chave (PED001) repete a da linha 2"])]


def test_a_key_of_two_columns_repeats_only_as_a_whole() -> None:
    rest = ",5.1,5.3,5.2,0.1,SISBACEN,COMERCIAL,16:30:00"
    lines = [f"2024-10-15,USD{rest}", f"2024-10-15,EUR{rest}", f"2024-10-16,USD{rest}", f"2024-10-15,EUR{rest}"]
    result = read("\n".join([QUOTATIONS, *lines, f",EUR{rest}", f",EUR{rest}"]), "cambio")
    assert len(result.kept) == 3
    missing = ["data_cotacao: falta o valor, que é obrigatório"]
    assert set_aside(result) == [
        (5, ["chave: a chave (2024-10-15, EUR) repete a da linha 3"]), (6, missing), (7, missing)
    ]  # fmt: skip


def test_a_broken_line_does_not_stop_the_file() -> None:
    result = orders(GOOD.format(1), "PED002,2024-10-15", '"' + GOOD.format(3), GOOD.format(4) + ",,", GOOD.format(5))
    assert result.kept["pedido_id"].to_pylist() == ["PED001", "PED005"]
    assert set_aside(result) == [
        (3, ["registro: tem 2 campos, esperava 10"]),
        (4, ["registro: aspas abertas e nunca fechadas"]),
        (5, ["registro: tem 12 campos, esperava 10"]),
    ]
    assert result.quarantine["texto_original"].to_pylist() == [
        "PED002,2024-10-15", '"' + GOOD.format(3), GOOD.format(4) + ",,"
    ]  # fmt: skip


def test_lines_are_counted_through_blank_lines_and_fields_of_several_lines() -> None:
    result = orders(GOOD.format(1) + '"a\n\nb"', "", "bad", GOOD.format(2))
    assert set_aside(result) == [(6, ["registro: tem 1 campo, esperava 10"])]


def test_a_header_without_rows_is_a_table_without_rows() -> None:
    for content in (HEADER, HEADER + "\n", HEADER + "\r\n\r\n"):
        assert read(content).rows_read == 0


def test_a_file_in_which_no_row_is_right_is_all_in_quarantine() -> None:
    assert len(orders(*["x"] * 50, *[GOOD.format(1).replace("PED001", "")] * 50).quarantine) == 100


@pytest.mark.parametrize(("before", "line"), [(HEADER + "\n", 2), (HEADER + "\n\n\n", 4), (HEADER + "\na\n", 3)])
def test_an_undecodable_byte_that_begins_a_line_is_on_that_line(before: str, line: int) -> None:
    (problem,) = (each for each in problems(before.encode() + b"\xe7\n") if "is not UTF-8" in each)
    assert problem.startswith(f"pedidos.csv, line {line}, column 1: byte 0xE7 is not UTF-8")


def test_an_undecodable_file_is_named_with_line_and_column() -> None:
    content = f"{HEADER}\n{GOOD.format(1)}\n{GOOD.format(2)}Importação\n".encode("latin-1")
    column = len(GOOD.format(2)) + len("Importa") + 1
    assert problems(content) == (
        f"pedidos.csv, line 3, column {column}: byte 0xE7 is not UTF-8, the file looks like Latin-1; save it as "
        "'CSV UTF-8', or: iconv -f WINDOWS-1252 -t UTF-8 pedidos.csv",
    )


def test_utf16_is_named() -> None:
    for encoding in ("utf-16", "utf-16-le"):
        (problem,) = problems(f"{HEADER}\n".encode(encoding))
        assert "UTF-16" in problem


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n", b"  \r\n"])
def test_an_empty_file_is_a_problem(content: bytes) -> None:
    (problem,) = problems(content)
    assert problem.startswith("pedidos.csv, line 1: there is no header")
    assert HEADER.replace(",", ", ") in problem


def test_missing_unknown_and_repeated_columns_are_all_named() -> None:
    names = [*load("pedidos").schema.names[2:], "valor", "status", "Extra"]
    fix = f"its columns must be, in any order: {HEADER.replace(',', ', ')}"
    assert problems(",".join(names).encode() + b"\n") == (
        f"pedidos.csv, line 1: the header misses columns 'pedido_id', 'data_pedido'; {fix}",
        f"pedidos.csv, line 1: the header has unknown columns 9 ('valor'), 11 ('Aaaaa'); {fix}",
        f"pedidos.csv, line 1: the header repeats column 'status'; {fix}",
    )


def test_other_separators_and_line_ends_are_named() -> None:
    assert "not separated by commas" in problems(HEADER.replace(",", ";").encode())[0]
    assert "line ends LF or CRLF" in problems(f"{HEADER}\r{GOOD.format(1)}\r".encode())[0]


def test_a_header_that_is_no_text_at_all_is_a_bounded_message() -> None:
    for head in (b"x" * 2_000_000, b'"' + b"y," * 500_000, b",".join(b"c%d" % n for n in range(9999))):
        assert all(len(problem) < 3000 for problem in problems(head))


def test_the_problems_of_all_files_come_together(folder: Path) -> None:
    files = {table: folder / f"{table}.csv" for table in TABLES[BRONZE]}
    for table, path in files.items():
        path.write_text(",".join(load(table).schema.names) + "\n")
    files["cambio"].write_bytes(b"")
    files["produtos"].write_bytes("produção".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        check(files)
    assert [problem.split(",")[0] for problem in caught.value.problems] == ["produtos.csv", "cambio.csv"]


tokens = st.sampled_from(
    [
        "PED001",
        "PED002",
        "2024-10-15",
        "FORN001",
        "10.50",
        "ENTREGUE",
        "PIX",
        "7",
        "ção",
        '"',
        '"a,b"',
        " ",
        "\r",
        "\0",
        "c̃",
    ]
)
good_line = st.integers(1, 5).map(GOOD.format)
broken_line = st.lists(st.one_of(tokens, st.just(",")), max_size=14).map("".join)
multi_line = st.integers(1, 5).map(lambda n: GOOD.format(n) + '"x\ny"')
csv_text = st.lists(st.one_of(good_line, good_line, broken_line, multi_line), max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join([HEADER, *lines]))
)


@given(csv_text)
def test_no_row_is_lost_and_each_says_where_it_was(text: str) -> None:
    result = read(text)
    lines = text.encode().split(b"\n")
    for row in result.quarantine.to_pylist():
        original = row["texto_original"].encode()
        assert b"\n".join(lines[row["linha"] - 1 :]).startswith(original)
        assert row["motivos"]
        assert row["arquivo"] == "pedidos.csv"
    taken = sum(row["texto_original"].count("\n") + 1 for row in result.quarantine.to_pylist())
    taken += sum((note or "").count("\n") + 1 for note in result.kept["observacoes"].to_pylist())
    # A blank line belongs to a record only within quotes.
    assert sum(line.removesuffix(b"\r") != b"" for line in lines[1:]) <= taken <= len(lines) - 1
    assert len(set(result.kept["pedido_id"].to_pylist())) == len(result.kept)


@given(csv_text, st.integers(1, 200))
@example("\n".join([HEADER, GOOD.format(1), ",", GOOD.format(1)]), 1)
def test_what_is_read_does_not_depend_on_the_size_of_the_pieces(text: str, piece: int) -> None:
    whole, parts = read(text), read(text, piece=piece)
    assert parts.kept.equals(whole.kept)
    assert parts.quarantine.equals(whole.quarantine)


@given(bronze())
@settings(max_examples=30)
def test_what_was_written_is_read_back_as_it_was(tables: dict[str, pa.Table]) -> None:
    with TemporaryDirectory() as name:
        write_csv(tables, Path(name))
        check({table: Path(name, f"{table}.csv") for table in tables})
        for table, rows in tables.items():
            result = normalise(table, Path(name, f"{table}.csv"))
            assert result.rows_read == len(rows)
            key = list(load(table).key)
            kept = rows.filter(
                pa.array(
                    [tuple(row[k] for k in key) in keys_of(result.kept, key) for row in rows.to_pylist()], pa.bool_()
                )
            )
            assert result.kept.equals(kept.combine_chunks())


def keys_of(rows: pa.Table, key: list[str]) -> set[tuple[Any, ...]]:
    return {tuple(row[name] for name in key) for row in rows.select(key).to_pylist()}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1))
def test_any_text_comes_back_composed_and_trimmed(notes: list[str]) -> None:
    names = load("pedidos").schema.names
    rows = [(GOOD.format(n) + "\0").split(",") for n in range(len(notes))]
    table = pa.table([pa.array(c) for c in zip(*rows, strict=True)], names=names)
    table = table.set_column(len(names) - 1, "observacoes", pa.array(notes))
    with TemporaryDirectory() as name:
        write_csv({"pedidos": table}, Path(name))
        result = normalise("pedidos", Path(name, "pedidos.csv"))
    assert result.rows_read == len(notes)
    assert result.kept["observacoes"].to_pylist() == [composed_and_trimmed(note) for note in notes]


def composed_and_trimmed(text: str) -> str | None:
    import unicodedata

    return unicodedata.normalize("NFC", text).strip() or None


@pytest.mark.parametrize("table", TABLES[BRONZE])
def test_the_largest_and_smallest_numbers_are_judged_and_stop_nothing(table: str) -> None:
    contract = load(table)
    lines = [
        ",".join(extreme(column.arrow_type, sign, number) for column in contract.columns)
        for number, sign in enumerate(("", "-"))
    ]
    assert read("\n".join([",".join(contract.schema.names), *lines]), table).rows_read == 2


def extreme(type_: pa.DataType, sign: str, number: int) -> str:
    if pa.types.is_decimal(type_):
        return f"{sign}{'9' * (type_.precision - type_.scale)}.{'9' * type_.scale}"
    if pa.types.is_integer(type_):
        return str(-(2**63) if sign else 2**63 - 1)
    if pa.types.is_date(type_):
        return "0001-01-01" if sign else "9999-12-31"
    return f"X{number}"


def test_a_type_that_no_csv_can_hold_is_a_fault_of_the_contract() -> None:
    price = load("agregado_ml_forecast_risco_cambial").column("preco_medio_brl")
    with pytest.raises(ContractError, match="preco_medio_brl"):
        typed(pa.array(["1.5"]), price, Reasons())
