"""The scanner finds what looks personal and no contract declares, and nothing else; it never repeats a value.

What a figure of the README says of it is one of these tests: of what is planted in one row of a thousand how much is
found, and on how many rows that hold nothing personal nothing is.
"""

import re
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from exports import EVERY
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE
from layers import above
from personal import BARE, cpf_digits
from personal import KINDS as DRAWN

from bronze.synthetic.company import generate
from governance.scanner import SAMPLE, Finding, derived, scan
from lakehouse.contract.model import load, load_all
from lakehouse.personal.kinds import KINDS, Texts

BY_NAME = {kind.name: kind for kind in KINDS}
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
    return BY_NAME[name].matches(Texts.of(pa.array(values, pa.string()))).tolist()


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
    assert (finding.kind, finding.matched, finding.sampled) == (detector, 3, 4)


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


def test_one_value_that_is_unmistakable_is_reported_and_one_that_may_be_chance_is_not():
    text = ["frete incluso"] * 99
    assert [finding.matched for finding in scanned(["x@exemplo.com", *text])] == [1]
    assert scanned(["joana.souza", *text]) == []
    assert [finding.matched for finding in scanned(["joana.souza"] * 3 + text)] == [3]
    assert [finding.matched for finding in scanned(["joana.souza", *text[:9]])] == [1]


def test_several_kinds_in_one_column_are_each_reported_with_share_and_masked_examples():
    found = scanned(["x@exemplo.com"] * 3 + ["529.982.247-25"] * 5)
    assert found == [
        Finding("produtos", "observacoes", "CPF", "PII", 5, 8, ("***.***.***-**",)),
        Finding("produtos", "observacoes", "e-mail", "PII", 3, 8, ("x@e******.c**",)),
    ]
    assert "5 de 8 valores (62 %) parecem CPF, como ***.***.***-**, e o contrato não os declara" in str(found[0])
    assert found[0].as_report()["examples"] == ["***.***.***-**"]


def planted(draw, host, rows, kind):
    """A column of ``rows`` values of which one in a thousand, and no other, is of a kind."""
    values = [host(draw, row) for row in range(rows)]
    for row in draw.sample(range(rows), rows // 1000):
        value = (DRAWN | BARE)[kind](draw)
        values[row] = value if kind in BARE or draw.random() < 0.5 else f"falar com {value}, de manhã"
    return values


TEXTS = (
    "frete incluso",
    "Revisão de peças importadas 4512",
    "pedido urgente até segunda",
    "caixa com 30 un.",
    "NF 2024-0001",
)
HOSTS = {
    "free text": lambda draw, row: f"{draw.choice(TEXTS)} {draw.randrange(500)}",
    "codes": lambda draw, row: f"PED{row:07d}",
    "categories": lambda draw, row: draw.choice(("Eletrônicos", "Madeira", "Santa Catarina", "Chapas de Aço")),
}


@pytest.mark.parametrize("kind", [*DRAWN, *BARE])
def test_of_columns_with_personal_data_in_one_row_of_a_thousand_99_of_100_are_found(kind):
    columns, found = 0, 0
    for seed, (host, rows) in enumerate((host, rows) for host in HOSTS.values() for rows in (10_000,) * 4):
        columns += 1
        found += any(finding.kind == kind for finding in scanned(planted(Random(seed), host, rows, kind)))
    assert found >= 0.99 * columns, (kind, found, columns)


def test_what_is_personal_is_found_among_long_numbers_of_another_kind_too():
    draw = Random(1)
    codes = [f"{draw.randrange(10**13):013d}" for _ in range(2_000)]
    assert scanned(codes) == []
    assert [f.kind for f in scanned([*codes, *(cpf_digits(draw) for _ in range(5))])] == ["CPF sem pontuação"]


@pytest.mark.parametrize(
    "value",
    [
        "Silva Importadora Ltda", "Banco Santos S.A.", "São Paulo", "Rosa Madeira", "Santa Catarina", "Costa Rica",
        "Três Irmãos Logística LLC", "Compensado Naval 18mm Padrão 556", "Travessa Inox 40", "Cabo largo preto 20",
        "Porto de Santos", "Maria Modas", "Parafuso M8 2000-3000", "12.345.678", "Lote 1234 5678 9012 3456",
    ],
)  # fmt: skip
def test_what_is_called_like_persons_or_written_like_numbers_is_left_alone(value):
    assert scanned([value] * 50) == []


def test_a_column_filled_from_a_personal_one_is_found_by_its_values():
    logins = [f"u{n:03d}x" for n in range(40)]
    orders = pa.table({"pedido_id": [f"P{n}" for n in range(80)], "usuario_criacao": logins * 2})
    fact = pa.table({"pedido_id": [f"P{n}" for n in range(80)], "categoria": logins[:20] * 4})
    contracts = [load("pedidos"), load("fato_pedido_correlacionado")]
    [finding] = derived({"pedidos": orders, "fato_pedido_correlacionado": fact}, contracts)
    assert (finding.table, finding.column, finding.kind) == (
        "fato_pedido_correlacionado", "categoria", "valores de pedidos.usuario_criacao",
    )  # fmt: skip
    assert (finding.matched, finding.sampled, finding.strict) == (80, 80, True)
    others = fact.set_column(1, "categoria", pa.array(["Aço", "Madeira", logins[0], "Chapa"] * 20))
    assert derived({"pedidos": orders, "fato_pedido_correlacionado": others}, contracts) == []


def test_a_column_declared_confidential_may_hold_no_personal_data():
    suppliers = load("fornecedores")
    assert scanned(["11.222.333/0001-81"] * 5, "cnpj", suppliers) == []
    assert [f.kind for f in scanned(["x@exemplo.com"] * 5, "cnpj", suppliers)] == ["e-mail"]
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


@pytest.fixture(scope="module", params=EVERY)
def tables(request):
    bronze = {name: read.kept for name, read in request.param.read().items()}
    return {**bronze, **above(bronze)}


def test_the_tables_of_an_export_hold_nothing_that_is_not_declared(tables):
    assert tuple(tables) == EVERY_TABLE
    assert [str(f) for name, table in tables.items() for f in scan(table, load(name))] == []


def test_every_column_of_persons_of_an_export_would_be_found_were_it_not_declared(tables):
    for contract in load_all():
        for column in contract.columns:
            if column.classification == "PII":
                text = tables[contract.table][column.name].combine_chunks()
                finding, *_ = scan(pa.table({f"{column.name}_novo": text}), contract)
                assert finding.matched >= 0.85 * finding.sampled, column.name


def test_synthetic_data_holds_nothing_that_is_not_declared():
    assert [str(f) for name, rows in generate(300, 42).items() for f in scan(rows, load(name))] == []


def test_a_million_synthetic_orders_hold_nothing_that_is_not_declared():
    # Looked at as governance looks at them: a sample of the rows of each table.
    random = np.random.default_rng(7)
    for name, rows in generate(1_000_000, 42).items():
        some = np.sort(random.choice(len(rows), min(SAMPLE, len(rows)), replace=False))
        assert [str(finding) for finding in scan(rows.take(pa.array(some)), load(name))] == []


def test_every_kind_of_finding_names_a_classification_that_contracts_know():
    assert {kind.classification for kind in KINDS} == {"PII", "confidential"}
    assert all(re.fullmatch(r"[\w -]+", kind.name) for kind in KINDS)
