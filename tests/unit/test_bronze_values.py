"""Text to types: what fits is exact, and what does not says why."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bronze.csv.normalise import cleaned, composed, typed
from bronze.reasons import Reasons
from lakehouse.contract.model import load
from lakehouse.personal.quoting import shape

AMOUNT = load("pedidos").column("valor_total_brl")
COUNT = load("pedidos").column("prazo_dias")
DAY = load("pedidos").column("data_pedido")


def read(values: list[str | None], column: Any) -> tuple[list[Any], list[list[str]]]:
    reasons = Reasons()
    result = typed(pa.array(values, pa.string()), column, reasons)
    assert result.type == column.arrow_type
    return result.to_pylist(), reasons.lists().to_pylist()


def value_of(text: str, column: Any) -> Any:
    (value,), reasons = read([text], column)
    assert reasons == []
    return value


def reason_of(text: str, column: Any) -> str:
    (value,), ((reason,),) = read([text], column)
    assert value is None
    return str(reason)


@given(st.decimals(min_value=Decimal("-9999999999999999.99"), max_value=Decimal("9999999999999999.99"), places=2))
def test_an_amount_is_what_its_text_says_to_the_cent(amount: Decimal) -> None:
    assert value_of(f"{amount:f}", AMOUNT) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("7", "7"),
        ("+1.5", "1.5"),
        ("-0.05", "-0.05"),
        ("007.10", "7.10"),
        ("0" * 19 + "9999999999999999.99", "9999999999999999.99"),
    ],
)
def test_signs_zeros_in_front_and_fewer_decimals_are_numbers_too(text: str, amount: str) -> None:
    assert value_of(text, AMOUNT) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["1e3", "1.234,56", "1,5", "NaN", "inf", "Infinity", "0x10", "1_000", "R$ 5", "1.", ".5", "--1", "٣", "1 2"]
)
def test_what_is_no_plain_number_is_no_amount(text: str) -> None:
    assert reason_of(text, AMOUNT) == (
        f"valor_total_brl: '{shape(text)}' não é um número decimal "
        "(esperado: dígitos, e ponto antes das casas decimais)"
    )


def test_more_decimals_than_the_type_has_do_not_fit_even_if_they_are_zeros() -> None:
    assert reason_of("1.005", AMOUNT) == "valor_total_brl: '9.999' tem mais de 2 casas decimais"
    assert reason_of("1.000", AMOUNT) == "valor_total_brl: '9.999' tem mais de 2 casas decimais"


def test_an_amount_of_thirty_digits_does_not_fit() -> None:
    assert reason_of("1" * 30, AMOUNT) == f"valor_total_brl: '{'9' * 30}' não cabe em decimal(18,2)"
    assert reason_of("10000000000000000.00", AMOUNT).endswith("não cabe em decimal(18,2)")


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_bigint_is_read(number: int) -> None:
    assert value_of(str(number), COUNT) == number


@pytest.mark.parametrize(("text", "number"), [("+5", 5), ("007", 7), ("0" * 15 + "9223372036854775807", 2**63 - 1)])
def test_signs_and_zeros_in_front_are_integers_too(text: str, number: int) -> None:
    assert value_of(text, COUNT) == number


@pytest.mark.parametrize("text", [str(2**63), str(-(2**63) - 1), "9" * 40])
def test_a_larger_integer_does_not_fit(text: str) -> None:
    assert reason_of(text, COUNT) == f"prazo_dias: '{shape(text)}' não cabe em bigint"


@pytest.mark.parametrize("text", ["1.0", "5,0", "abc", "1e3", "-"])
def test_what_has_more_than_digits_is_no_integer(text: str) -> None:
    assert reason_of(text, COUNT) == f"prazo_dias: '{shape(text)}' não é um número inteiro (esperado: só dígitos)"


def test_every_day_of_the_calendar_is_a_date_and_no_other_day() -> None:
    texts = [
        f"{year:04d}-{month:02d}-{day:02d}"
        for year in (1, 4, 100, 400, 1900, 1999, 2000, 2023, 2024, 2100, 2400, 9999)
        for month in range(14)
        for day in range(33)
    ]
    values, reasons = read(texts, DAY)
    assert values == [real_day(text) for text in texts]
    assert [reason for (reason,) in reasons] == [
        f"data_pedido: '{shape(text)}' não existe no calendário" for text in texts if real_day(text) is None
    ]


@given(st.dates())
def test_any_date_is_read(day: date) -> None:
    assert value_of(day.isoformat(), DAY) == day


def real_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def test_the_year_zero_is_no_year() -> None:
    assert reason_of("0000-02-29", DAY).endswith("não existe no calendário")


@pytest.mark.parametrize("text", ["15/10/2024", "2024-1-5", "20241015", "2024-10-15T00:00:00", "hoje"])
def test_a_date_is_written_year_month_day(text: str) -> None:
    assert reason_of(text, DAY) == f"data_pedido: '{shape(text)}' não é uma data (esperado: AAAA-MM-DD)"


def test_a_long_value_is_cut_in_its_reason() -> None:
    assert reason_of("x" * 1000, COUNT).startswith(f"prazo_dias: '{'a' * 40}…' ")


@given(st.lists(st.one_of(st.none(), st.from_regex(r"[+-]?[0-9]{0,20}(\.[0-9]{0,4})?", fullmatch=True)), max_size=20))
def test_a_column_reads_each_value_as_if_it_were_alone(texts: list[str | None]) -> None:
    values, reasons = read(texts, AMOUNT)
    fits = [text is not None and re.fullmatch(r"[+-]?0{0,19}\d{1,16}(\.\d{1,2})?", text) for text in texts]
    assert values == [Decimal(text) if fit else None for text, fit in zip(texts, fits, strict=True)]
    assert len(reasons) == sum(text is not None and not fit for text, fit in zip(texts, fits, strict=True))


def test_text_is_trimmed_and_empty_text_is_null() -> None:
    given_text = pa.array(["  a b ", "\t", "", "\u00a0ç\u3000", "--"])
    assert cleaned(given_text, "observacoes").to_pylist() == ["a b", None, None, "ç", "--"]


def test_every_white_space_character_of_unicode_is_trimmed_and_no_other_character() -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    alone = cleaned(pa.array(characters), "observacoes").to_pylist()
    assert alone == [None if character.isspace() else character for character in characters]


def test_two_hyphens_are_no_cnpj() -> None:
    assert cleaned(pa.array(["--", " -- ", "12.345.678/0001-90"]), "cnpj").to_pylist() == [
        None, None, "12.345.678/0001-90"
    ]  # fmt: skip


@given(st.text(st.sampled_from('Aa,"\n\r ḉ̃ÅÅéq̣̇가ᄀ각')))
def test_a_piece_of_csv_is_composed_field_by_field(text: str) -> None:
    parts = re.split('([,"\n\r])', text)
    assert composed(text.encode()).decode() == "".join(unicodedata.normalize("NFC", part) for part in parts)


def test_nothing_composes_with_what_separates_fields() -> None:
    pairs = [unicodedata.decomposition(chr(code)).split() for code in range(0x110000)]
    firsts = {chr(int(pair[0], 16)) for pair in pairs if pair and not pair[0].startswith("<")}
    assert not firsts & set(',"\n\r')
