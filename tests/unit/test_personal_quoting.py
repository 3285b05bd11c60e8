"""Whatever a file holds, in its header or its rows, nothing that is said of it has a value of it."""

import io
import logging
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from personal import BARE, KINDS

from alert.ended import Ended
from alert.facts import Facts
from alert.message import message_of
from bronze.csv.source import normalise, problems_of
from bronze.csv.text import lines
from lakehouse import runtime
from lakehouse.contract.model import known_words, load
from lakehouse.contract.quality import RuleResult, TableResult, cause
from lakehouse.contract.quarantine import joined_values, quarantined, reasons, without_values
from lakehouse.errors import InputError
from lakehouse.personal.quoting import cleanse, keys, quoted_name, shape, shapes, without_personal
from silver.correlation import set_aside
from tests.audited import failing

ORDERS = load("pedidos")
NAMES = ORDERS.schema.names
GOOD = ("PED001", "2024-10-15", "FORN001", "10.50", "ENTREGUE", "PIX", "7", "2024-10-22", "ana.silva", "")

personal = st.builds(
    lambda kind, seed: (KINDS | BARE)[kind](Random(seed)), st.sampled_from([*KINDS, *BARE]), st.integers(0, 10_000)
)
# A value with a line break within, with quotes and other marks around.
written = st.builds(
    lambda value, before, after: f"{before}{value}{after}",
    personal, st.sampled_from(["", "a'b\n", "x '", '"', "\n\n"]), st.sampled_from(["", "\n'", "' y", '"', "\r\nz"]),
)  # fmt: skip


def pieces_of(value: str) -> set[str]:
    """Return what of a value nobody may read: its words and numbers."""
    words = "".join(each if each.isalnum() else " " for each in value).split()
    return {word for word in words if len(word) > 3 and set(word) - set("aA9")}


def tells(text: str, value: str) -> bool:
    return any(piece in text for piece in pieces_of(value)) or (value in text and bool(pieces_of(value)))


def line(fields: tuple[str, ...]) -> str:
    row = pa.table([pa.array([field], pa.string()) for field in fields], names=[str(n) for n in range(len(fields))])
    text: str = lines(row)[0].as_py()
    return text


def said_of(content: str) -> list[str]:
    """Return everything that Bronze says of a file of orders: why it cannot be read, or why its rows are set aside."""
    with TemporaryDirectory() as name:
        path = Path(name, "pedidos.csv")
        path.write_bytes(content.encode())
        problems = problems_of(ORDERS, path)
        if problems:
            return [*problems, str(InputError(problems))]
        aside = normalise("pedidos", path).quarantine
    why = [reason for row in aside["motivos"].to_pylist() for reason in row]
    return [*why, *reasons(aside), *without_values(pa.array(why, pa.string())).to_pylist()]


@given(st.text())
@example("joana\n@exemplo.com")
def test_a_shape_tells_how_a_value_is_written_and_nothing_else(value: str) -> None:
    written_as = shape(value)
    assert set(written_as) <= set("Aa9? .,;:@/+()%$_-…")
    assert shape(written_as.replace("…", "")) == written_as.replace("…", "")
    assert len(written_as) <= 41


def test_a_character_is_written_the_same_way_whether_others_are_ascii_or_not() -> None:
    characters = [chr(code) for code in range(128)]
    alone = shapes(pa.array([None, *characters, ""], pa.string()).slice(1)).to_pylist()
    beside = shapes(pa.array([f"{each}é" for each in characters], pa.string())).to_pylist()
    assert alone == [*(each[0] for each in beside), ""]


@given(st.lists(st.one_of(st.none(), st.text(max_size=60)), max_size=8))
def test_the_shapes_of_a_column_are_those_of_its_values(values: list[str | None]) -> None:
    assert shapes(pa.array(values, pa.string())).to_pylist() == [
        None if value is None else shape(value) for value in values
    ]


@given(written, st.integers(0, len(NAMES) - 1))
@example("Travessa do Carmo, 1723", 0)
def test_no_value_of_a_row_is_in_a_reason(value: str, place: int) -> None:
    fields = tuple(value if n == place else each for n, each in enumerate(GOOD))
    wrong = tuple("x" if NAMES[n] == "prazo_dias" else each for n, each in enumerate(fields))
    twice = [line(fields), line(fields), line(wrong)]
    told = said_of("\n".join([",".join(NAMES), *twice, f"{value},{value}"]) + "\n")
    assert told
    assert not [text for text in told if tells(text, value)]


@given(st.lists(written, min_size=1, max_size=12), st.integers(0, len(NAMES)))
def test_no_field_of_a_first_line_is_in_a_message_whether_it_is_a_header_or_a_row(
    values: list[str], names: int
) -> None:
    plain = tuple(value.replace("\n", " ").replace("\r", " ") for value in values)
    told = said_of(line((*NAMES[:names], *plain)) + "\n" + line(GOOD) + "\n")
    assert told
    assert not [text for text in told for value in plain if tells(text, value)]


def test_a_file_without_its_header_is_told_so() -> None:
    (problem, _) = said_of(line(GOOD) + "\n")
    assert problem.startswith(
        "pedidos.csv, line 1: none of its 10 fields is the name of a column, as if the header were missing; begin the "
        "file with it: its columns must be, in any order: pedido_id, "
    )


@given(written)
def test_no_key_of_a_row_is_in_a_report_or_a_cause_where_it_is_somebodys(value: str) -> None:
    table = pa.table({"pedido_id": pa.array([value]), "data": pa.array(["2024-10-15"])})
    outcome = failing(pa.array([True]), table, ["pedido_id", "data"])
    rule = next(rule for rule in ORDERS.rules if rule.kind == "row" or rule.column)
    results = [TableResult("pedidos", (), 1, 0, {}, [RuleResult(rule, outcome)])]
    told = [*outcome.examples, cause("bronze", results, "s3://lake/report"), str(results[0].as_report())]
    assert all("2024-10-15" in text for text in told)
    assert not [text for text in told if tells(text, value)]


@given(written)
def test_no_order_that_is_unknown_to_silver_is_quoted_where_it_is_somebodys(value: str) -> None:
    items = pa.table({"item_id": ["I1"], "pedido_id": [value]})
    (why,) = set_aside(items, np.array([0]))["motivos"].to_pylist()
    assert not [text for text in why if tells(text, value)]


@given(written)
def test_line_breaks_pass_no_reason_of_an_earlier_version(value: str) -> None:
    row = pa.table({"x": ["y"]})
    why = pa.array([f"prazo_dias: '{value}' não é um número", f"chave: a chave ({value}) repete a da linha 3"])
    found = [quarantined("a.csv", np.array([2]), joined_values(row), why[n : n + 1]) for n in range(2)]
    told = [*reasons(pa.concat_tables(found)), *without_values(why).to_pylist()]
    assert not [text for text in told if tells(text, value)]


@pytest.mark.parametrize("key", ["PED001", "P1", "ITEM0000123", "2024-10-15", "2024-10", "USD", "EM_TRANSITO", "-"])
def test_a_key_that_is_a_code_a_day_or_a_known_word_is_shown(key: str) -> None:
    assert keys(pa.array([key]), known_words).to_pylist() == [key]


@pytest.mark.parametrize("key", ["Joana", "MG12345678", "CPF52998224725", "52998224725", "x@y.example", "Eletrônicos"])
def test_a_key_that_may_be_somebodys_is_shown_by_its_shape(key: str) -> None:
    assert keys(pa.array([key]), known_words).to_pylist() == [shape(key)]


def test_a_column_is_named_where_its_words_are_those_of_columns() -> None:
    assert [quoted_name(name, {"valor", "total"}) for name in ("valor_total", " Valor ", "joana", "valor_joana")] == [
        "'valor_total'", "'Valor'", "'aaaaa'", "'aaaaa_aaaaa'"
    ]  # fmt: skip


def _raised_from(value: str) -> None:
    try:
        pc.cast(pa.array([value]), pa.int64())
    except pa.ArrowInvalid as error:
        raise RuntimeError("it cannot be read") from error


ERRORS: dict[str, Any] = {
    "a conversion of Arrow's": lambda value: pc.cast(pa.array([value]), pa.int64()),
    "a conversion of Python's": int,
    "a name that is missing": lambda value: {}[value],
    "an error with text in quotes": lambda value: (_ for _ in ()).throw(ValueError(f"bad: '{value}'")),
    "an error from another": _raised_from,
}


@pytest.mark.parametrize("what", ERRORS)
@pytest.mark.parametrize("value", ["joana.souza@exemplo.com.br", "Rua das Acácias, 120\nJoana"])
def test_what_fails_says_no_value_in_its_cause_or_in_the_log(
    what: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    monkeypatch.setattr(runtime.logger, "append_keys", lambda **_: None)
    monkeypatch.setattr(
        runtime.logger, "exception",
        lambda *args, **_: handler.emit(logging.LogRecord("x", 40, "x", 1, *args, (), sys.exc_info())),
    )  # fmt: skip
    context = SimpleNamespace(
        function_name="f", memory_limit_in_mb=128, aws_request_id="1", invoked_function_arn="arn:aws:lambda:x:1:f"
    )
    failed = runtime.instrumented(lambda event, context: ERRORS[what](value))
    with pytest.raises(Exception) as caught:
        failed({"run_id": "r"}, context)  # type: ignore[arg-type]
    assert "Traceback" in log.getvalue()
    assert not tells(str(caught.value), value)
    assert not tells(log.getvalue(), value)


def test_what_this_project_and_aws_say_stays() -> None:
    error = InputError(["run_id is 'a b'; use letters", "pedidos.csv is missing"])
    cleanse(error)
    assert str(error) == "run_id is 'a b'; use letters\npedidos.csv is missing"
    group = ExceptionGroup("several", [ValueError("bad: 'Joana'")])
    cleanse(group)
    assert str(group.exceptions[0]) == "bad: 'Aaaaa'"


@given(st.sampled_from(["e-mail", "CPF", "CNPJ", "cartão"]), st.integers(0, 10_000))
def test_what_looks_personal_is_in_no_alert_even_if_a_cause_has_it(kind: str, seed: int) -> None:
    value = KINDS[kind](Random(seed))
    ended = Ended.of_event(
        {"detail": {"executionArn": "arn:aws:states:x:1:execution:m:r", "status": "FAILED", "error": "InputError",
                    "cause": f"odd: {value}.", "input": "{}"}}
    )  # fmt: skip
    assert ended is not None
    message = message_of(ended, Facts())
    assert value not in message.text
    assert value not in message.subject
    assert value not in without_personal(f"odd: {value}.")
