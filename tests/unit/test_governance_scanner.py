"""The scanner finds what looks personal and no contract declares, and nothing else; it never repeats a value."""

import re

import pyarrow as pa
import pytest
from exports import EVERY
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, FACT, FORECAST
from layers import cash_flow, correlate, forecast

from bronze.synthetic.company import generate
from governance.scanner import DETECTORS, SAMPLE, Finding, scan
from lakehouse.contract.model import load, load_all

BY_NAME = {detector.name: detector for detector in DETECTORS}
PRODUCTS = load("produtos")
digits = st.text("0123456789", min_size=9, max_size=9)


def check_digit(value, weights):
    """The modulo 11 rule as Receita Federal words it, one number at a time."""
    rest = sum((ord(c) - 48) * weight for c, weight in zip(value, weights, strict=True)) % 11
    return "0" if rest < 2 else str(11 - rest)


def cpf(base):
    first = check_digit(base, range(10, 1, -1))
    return base + first + check_digit(base + first, range(11, 1, -1))


def cnpj(base):
    first = check_digit(base, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
    return base + first + check_digit(base + first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])


def dotted(number):
    if len(number) == 11:
        return f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"
    return f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"


def found_by(name, *values):
    return BY_NAME[name].matches(pa.array(values, pa.string())).tolist()


def scanned(values, column="observacoes", contract=PRODUCTS):
    return scan(pa.table({column: pa.array(values)}), contract)


@given(st.lists(digits, min_size=1))
def test_every_cpf_is_told_by_its_check_digits(bases):
    numbers = [cpf(base) for base in bases]
    real = [len(set(number)) > 1 for number in numbers]
    assert found_by("CPF", *map(dotted, numbers)) == real
    assert found_by("CPF sem pontuação", *numbers) == real


@given(st.lists(st.text("0123456789", min_size=11, max_size=11)))
def test_any_eleven_digits_are_a_cpf_exactly_when_the_plain_rule_says_so(numbers):
    plain = [number == cpf(number[:9]) and len(set(number)) > 1 for number in numbers]
    assert found_by("CPF", *map(dotted, numbers)) == plain
    assert found_by("CPF sem pontuação", *numbers) == plain


@given(st.lists(st.text("0123456789ABCXYZ", min_size=12, max_size=12)), st.text("0123456789", min_size=2, max_size=2))
def test_a_cnpj_is_told_by_its_check_digits_with_letters_too(bases, last):
    right = [cnpj(base) for base in bases]
    assert found_by("CNPJ", *map(dotted, right)) == [len(set(number)) > 1 for number in right]
    other = [base + last for base in bases]
    assert found_by("CNPJ", *map(dotted, other)) == [n == cnpj(n[:12]) and len(set(n)) > 1 for n in other]
    assert found_by("CNPJ sem pontuação", *right) == [len(set(number)) > 1 for number in right]


def test_known_numbers_are_known():
    assert found_by("CPF", "529.982.247-25", "529.982.247-26", "111.111.111-11") == [True, False, False]
    assert found_by("CNPJ", "11.222.333/0001-81", "12.ABC.345/01DE-35", "11.222.333/0001-82") == [True, True, False]


@pytest.mark.parametrize(
    ("detector", "value"),
    [
        ("e-mail", "joana@exemplo.com.br"),
        ("e-mail", "Falar com Joana <joana.souza+x@exemplo.com> antes"),
        ("telefone", "+55-11-3456-7890"),
        ("telefone", "+5511987654321"),
        ("telefone", "(11) 98765-4321"),
        ("telefone", "(11)3456-7890"),
        ("telefone", "11 98765-4321"),
        ("telefone", "ligar para (21) 2345-6789, de manhã"),
        ("CPF", "CPF do comprador: 529.982.247-25."),
        ("CPF sem pontuação", " 52998224725 "),
        ("CNPJ", "11.222.333/0001-81"),
        ("login de pessoa", "celso.oliveira"),
        ("login de pessoa", "j.silva2"),
        ("login de pessoa", "joão.conceição"),
    ],
)
def test_what_is_personal_is_seen(detector, value):
    assert found_by(detector, value) == [True]
    [finding] = scanned([value] * 3 + ["ok"])
    assert (finding.detector, finding.matched, finding.sampled) == (detector, 3, 4)


@pytest.mark.parametrize(
    "value",
    [
        "Pedido urgente", "Desconto 5%", "PED001", "2024-10-15", "15-10-2024", "16:30:00", "30-60 dias", "12.345,67",
        "DDR4 3200-1600", "UN", "www.techsupply.com.br", "pedidos.parquet", "nota_fiscal.pdf", "a@b", "@x.com",
        "4006381333931", "00000000000", "123.456.789-00", "", "1.2.3", "v.1", "S.A.", "Ltda.", "NF 2024-0001-2024",
        "192.168.100.200",
    ],
)  # fmt: skip
def test_what_is_not_personal_is_left_alone(value):
    assert scanned([value] * 100) == []


def test_numbers_with_the_check_digits_of_a_cpf_by_chance_are_no_finding():
    assert scanned([f"{n:011d}" for n in range(10_000_000_000, 10_000_010_000)]) == []


def test_one_value_among_a_few_is_reported_and_a_stray_one_among_many_is_not():
    text = ["frete incluso"] * 99
    assert scanned(["x@exemplo.com", *text]) == []
    assert [str(f.matched) for f in scanned(["x@exemplo.com", *text[:9]])] == ["1"]
    assert [str(f.matched) for f in scanned(["x@exemplo.com"] * 3 + text * 10)] == ["3"]


def test_a_column_is_reported_once_by_what_it_holds_most():
    [finding] = scanned(["x@exemplo.com"] * 3 + ["529.982.247-25"] * 5)
    assert finding == Finding("produtos", "observacoes", "CPF", "PII", 5, 8)


def test_a_column_declared_confidential_may_hold_no_personal_data():
    suppliers = load("fornecedores")
    assert scanned(["11.222.333/0001-81"] * 5, "cnpj", suppliers) == []
    assert [f.detector for f in scanned(["x@exemplo.com"] * 5, "cnpj", suppliers)] == ["e-mail"]
    assert scanned(["11.222.333/0001-81"] * 5, "contato_email", suppliers) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("contato", "joana@exemplo.com.br"),
        ("celular", "+55-11-98765-4321"),
        ("documento", "529.982.247-25"),
        ("comprador", "joana.souza"),
    ],
)
@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_an_undeclared_column_is_found_by_name_and_count_and_its_values_are_not_repeated(column, value, type_):
    values = pa.chunked_array([pa.array([value, None], type_), pa.array([value, value], type_)])
    [finding] = scan(pa.table({"produto_id": ["a", "b", "c", "d"], column: values}), PRODUCTS)
    assert (finding.table, finding.column, finding.matched, finding.sampled) == ("produtos", column, 3, 3)
    said = str(finding)
    assert f"produtos.{column}: 3 de 3 valores" in said
    assert "glue/contracts/bronze/produtos.odcs.yaml" in said
    assert value not in said + repr(finding)


def test_nothing_to_look_at_is_no_finding():
    assert scanned(pa.array([], pa.string())) == []
    assert scanned(pa.nulls(5, pa.string())) == []
    assert scanned(pa.array([52998224725], pa.int64())) == []
    assert scanned(["ok"] * SAMPLE + ["x@exemplo.com"] * 5) == []


@pytest.fixture(scope="module", params=EVERY)
def tables(request):
    bronze = {name: read.kept for name, read in request.param.read().items()}
    fact, _ = correlate(bronze)
    return {**bronze, FACT: fact, CASH_FLOW: cash_flow(fact), FORECAST: forecast(fact)}


def test_the_tables_of_an_export_hold_nothing_that_is_not_declared(tables):
    assert tuple(tables) == EVERY_TABLE
    assert [str(f) for name, table in tables.items() for f in scan(table, load(name))] == []


def test_every_column_of_persons_of_an_export_would_be_found_were_it_not_declared(tables):
    for contract in load_all():
        for column in contract.columns:
            if column.classification == "PII":
                text = tables[contract.table][column.name].combine_chunks()
                [finding] = scan(pa.table({f"{column.name}_novo": text}), contract)
                assert finding.matched >= 0.85 * finding.sampled, column.name


def test_synthetic_data_holds_nothing_that_is_not_declared():
    assert [str(f) for name, rows in generate(300, 42).items() for f in scan(rows, load(name))] == []


def test_every_kind_of_finding_names_a_classification_that_contracts_know():
    assert {detector.classification for detector in DETECTORS} == {"PII", "confidential"}
    assert all(re.fullmatch(r"[\w -]+", detector.name) for detector in DETECTORS)
