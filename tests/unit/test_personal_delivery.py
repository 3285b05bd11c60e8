"""A masked delivery has every row and amount, and nobody: the same value is the same pseudonym, and tells nothing."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE
from layers import above
from personal import KINDS
from published import publish
from small_lake import account, deploy
from typer.testing import CliRunner

from bronze.synthetic.company import accepted, generate
from cli.commands import export as command
from cli.contents.download import download
from cli.contents.export_record import read
from cli.main import app
from cli.session import Aws
from lakehouse.contract import layers
from lakehouse.contract.model import load, load_all, parse
from lakehouse.errors import ContractError
from lakehouse.lake.s3 import Lake
from lakehouse.personal.delivery import delivered
from lakehouse.personal.masking import DROP, HMAC, METHODS, PARTIAL, masked

KEY = b"a secret of thirty-two bytes ..."
texts = st.lists(st.one_of(st.none(), st.text(max_size=12)), min_size=1, max_size=8)


@given(texts, texts)
def test_equal_values_have_equal_pseudonyms_in_any_table_and_different_ones_different(one: Any, other: Any) -> None:
    made = [
        delivered(pa.table({"x": pa.array(each, pa.string())}), {"x": HMAC}, KEY)["x"].to_pylist()
        for each in (one, other)
    ]
    assert [value is None for value in made[0]] == [value is None for value in one]
    of = dict(zip([*one, *other], [*made[0], *made[1]], strict=True))
    assert len(set(of.values())) == len(of)
    again = delivered(pa.table({"x": pa.array(one, pa.string())}), {"x": HMAC}, KEY[::-1])["x"].to_pylist()
    assert not {value for value in again if value} & set(made[0])


@given(st.sampled_from([*KINDS]), st.integers(0, 10_000))
def test_no_value_of_a_person_is_delivered_however_its_column_is_masked_or_not(kind: str, seed: int) -> None:
    value = KINDS[kind](Random(seed))
    table = pa.table({name: [value, None] for name in ("a", "b", "c", "free")} | {"amount": [1, 2]})
    made = delivered(table, {"a": HMAC, "b": PARTIAL, "c": DROP}, KEY)
    assert made.column_names == ["a", "b", "free", "amount"]
    assert made["b"].to_pylist() == made["free"].to_pylist() == [masked(value), None]
    assert value not in str(made.to_pylist())
    assert made["amount"].to_pylist() == [1, 2]


def test_a_column_in_which_nothing_looks_personal_is_delivered_as_it_is() -> None:
    table = pa.table({"observacoes": ["frete incluso", None, "PED001"], "valor": [1.5, None, 2.0]})
    assert delivered(table, {}, KEY).equals(table)


def test_a_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="the key has 5 bytes"):
        delivered(pa.table({"x": ["a"]}), {}, b"short")


def test_every_personal_column_is_masked_and_no_other_one() -> None:
    for contract in load_all():
        assert set(contract.masking) == {column.name for column in contract.columns if column.classification}
        assert set(contract.masking.values()) <= set(METHODS)
    assert load("fornecedores").masking == {"cnpj": HMAC, "contato_email": PARTIAL, "telefone": PARTIAL}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("nome_produto", "is neither PII nor confidential"),
        ("usuario_criacao", "has masking: 'rot13'; use hmac, partial, drop"),
    ],
)
def test_a_contract_cannot_mask_what_is_not_personal_nor_in_a_way_that_there_is_not(column: str, said: str) -> None:
    table = "produtos" if column == "nome_produto" else "pedidos"
    text = layers.text_of(table)
    if table == "pedidos":
        text = text.replace("            value: hmac\n", "            value: rot13\n")
    else:
        extra = "        customProperties:\n          - property: masking\n            value: hmac\n"
        text = text.replace(f"      - name: {column}\n", f"      - name: {column}\n{extra}", 1)
    with pytest.raises(ContractError, match=said):
        parse(table, text)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        bronze = {name: accepted(name, table).kept for name, table in generate(20, 1).items()}
        made = bronze | above(bronze)
        publish(Lake(found.bucket, found.s3), {name: made[name] for name in EVERY_TABLE}, "r1")
        yield found


def test_a_masked_export_has_every_row_and_key_no_login_and_no_row_that_was_set_aside(aws: Aws, tmp_path: Path) -> None:
    plain, out = tmp_path / "plain", tmp_path / "masked"
    download(aws, plain)
    download(aws, out, masking_key=KEY)
    record = read(out)
    assert record is not None
    assert record.masked
    assert "masked" in str(record)
    assert not (out / "quarantine").exists()
    assert not (out / "contract").exists()
    logins: set[str] = set()
    pseudonyms: set[str] = set()
    tables = [file for file in sorted(plain.rglob("*.parquet")) if "contract" not in file.parts]
    assert len(tables) == len(load_all())
    for file in tables:
        before, after = pq.read_table(file), pq.read_table(out / file.relative_to(plain))
        contract = load(file.stem.lower())
        unmasked = [name for name in before.column_names if name not in contract.masking]
        assert after.select(unmasked).equals(before.select(unmasked))
        for name in contract.masking:
            if name.startswith("usuario"):
                logins |= set(before[name].to_pylist())
                pseudonyms |= set(after[name].to_pylist())
    assert len(logins) == len(pseudonyms) > 1
    content = b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())
    assert not [login for login in logins if login.encode() in content]


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (["--key", "KEY", "DIR"], "--key is for pseudonyms"),
        (["--masked", "--excel", "book.xlsx"], "no folder is named for them"),
        (["--masked", "--key", "SHORT", "DIR"], "a secret of less than 16 can be guessed"),
        (["--masked", "--key", "NONE", "DIR"], "cannot be read"),
    ],
)
def test_a_masked_export_that_makes_no_sense_is_refused_before_anything_is_asked(
    given_: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "connect", lambda *_: pytest.fail("nothing is asked"))
    (tmp_path / "KEY").write_bytes(KEY)
    (tmp_path / "SHORT").write_bytes(b"short")
    named = [str(tmp_path / each) if each.isupper() else each for each in given_]
    result = CliRunner().invoke(app, ["export", *named])
    assert result.exit_code != 0
    assert said in f"{result.output} {result.exception}".replace("\n", " ")
