"""Changes of contracts: what each is to those who read the table, and which version it needs."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.contract import layers
from lakehouse.contract.changes import Comparison, compare, compared
from lakehouse.contract.model import load
from lakehouse.contract.semver import Level, numbers, raised
from lakehouse.errors import ContractError

TABLE = "fornecedores"
TEXT = layers.text_of(TABLE)
VERSION = load(TABLE).version
Edit = Callable[[dict[str, Any]], Any]


def document(text: str = TEXT) -> dict[str, Any]:
    return dict(yaml.safe_load(text))


def column(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in contract["schema"][0]["properties"] if each["name"] == name)


def rule(contract: dict[str, Any], name: str) -> dict[str, Any]:
    schema = contract["schema"][0]
    owners = [schema, *schema["properties"]]
    return next(each for owner in owners for each in owner.get("quality", ()) if each["name"] == name)


def after(edit: Edit, table: str = TABLE, version: str | None = None) -> Comparison:
    """Compare a contract with what an edit makes of it."""
    text = layers.text_of(table)
    contract = document(text)
    edit(contract)
    contract["version"] = version or contract["version"]
    return compare(table, text, yaml.safe_dump(contract, allow_unicode=True, sort_keys=False))


def without(name: str) -> Edit:
    return lambda c: c["schema"][0]["properties"].remove(column(c, name))


def renamed(c: dict[str, Any]) -> None:
    column(c, "rating")["name"] = "nota"


def added(c: dict[str, Any]) -> None:
    new = {"name": "site", "physicalType": "string", "logicalType": "string", "description": "x", "businessName": "x"}
    c["schema"][0]["properties"].insert(2, new)


def classified(name: str, classification: str | None) -> Edit:
    def edit(c: dict[str, Any]) -> None:
        column(c, name).pop("classification", None)
        if classification:
            column(c, name)["classification"] = classification

    return edit


def ruled(name: str, **fields: Any) -> Edit:
    return lambda c: rule(c, name).update(fields)


def unruled(c: dict[str, Any]) -> None:
    del column(c, "tempo_parceria_anos")["quality"]


def set_sla(name: str, **fields: Any) -> Edit:
    return lambda c: next(each for each in c["slaProperties"] if each["property"] == name).update(fields)


CASES: dict[str, tuple[Edit, Level, str | None, str]] = {
    "a column goes": (without("rating"), Level.MAJOR, "rating", "the column was removed"),
    "a column is renamed": (renamed, Level.MAJOR, "rating", "the column was renamed nota"),
    "a column comes": (added, Level.MINOR, "site", "the column was added, string"),
    "columns change places": (
        lambda c: c["schema"][0]["properties"].reverse(), Level.MINOR, None, "the columns are in another order",
    ),
    "a type is another": (
        lambda c: column(c, "rating").update(physicalType="date"),
        Level.MAJOR, "rating", "the type was changed from string to date",
    ),
    "a number is wider": (
        lambda c: column(c, "tempo_parceria_anos").update(physicalType="decimal(20,1)"),
        Level.MINOR, "tempo_parceria_anos", "the type was widened from bigint to decimal(20,1)",
    ),
    "a number is too small for what it held": (
        lambda c: column(c, "tempo_parceria_anos").update(physicalType="decimal(18,2)"),
        Level.MAJOR, "tempo_parceria_anos", "the type was changed from bigint to decimal(18,2)",
    ),
    "a value may be missing": (
        lambda c: column(c, "razao_social").update(required=False),
        Level.MAJOR, "razao_social", "a value may be missing now",
    ),
    "no value may be missing": (
        lambda c: column(c, "rating").update(required=True),
        Level.MINOR, "rating", "no value may be missing any more",
    ),
    "the key is another": (
        lambda c: column(c, "razao_social").update(primaryKey=True, primaryKeyPosition=2),
        Level.MAJOR, None, "the key was fornecedor_id, and is fornecedor_id, razao_social",
    ),
    "personal data are no longer called so": (
        classified("telefone", None), Level.MAJOR, "telefone", "the classification was PII, and is none",
    ),
    "a column is called personal": (
        classified("rating", "PII"), Level.MINOR, "rating", "the classification was none, and is PII",
    ),
    "a column is delivered masked otherwise": (
        lambda c: column(c, "telefone")["customProperties"][0].update(value="hmac"),
        Level.MAJOR, "telefone", "it was delivered masked by partial, and is by hmac",
    ),
    "a rule goes": (
        unruled, Level.MAJOR, "tempo_parceria_anos", "the rule tempo_parceria_anos_nao_negativo was removed, error",
    ),
    "a warning goes": (
        lambda c: c["schema"][0]["quality"].remove(rule(c, "atualidade")),
        Level.MINOR, None, "the rule atualidade was removed, warning",
    ),
    "a rule comes": (
        lambda c: c["schema"][0]["quality"].append(rule(c, "atualidade") | {"name": "outra"}),
        Level.MINOR, None, "the rule outra was added, warning",
    ),
    "a rule only warns": (
        ruled("moeda_negociacao_no_formato", severity="warning"),
        Level.MAJOR, "moeda_negociacao", "the rule moeda_negociacao_no_formato was error, and is warning",
    ),
    "a warning is an error": (
        ruled("atualidade", severity="error"), Level.MINOR, None, "the rule atualidade was warning, and is error",
    ),
    "a rule demands something else": (
        ruled("moeda_negociacao_no_formato", arguments={"pattern": "^[A-Z]+$"}),
        Level.MAJOR, "moeda_negociacao", "demands something else: arguments.pattern: was '^[A-Z]{3}$', is '^[A-Z]+$'",
    ),
    "a rule is written in another language": (
        ruled("tempo_parceria_anos_nao_negativo", type="custom", query=None, implementation="x", engine="soda"),
        Level.MINOR, "tempo_parceria_anos", "tempo_parceria_anos_nao_negativo is written as custom, and was as sql",
    ),
    "a rule is described otherwise": (
        ruled("atualidade", description="Outra."), Level.PATCH, None, "of the rule atualidade: description: was 'A exp",
    ),
    "words of a column": (
        lambda c: column(c, "rating").update(description="Outra."), Level.PATCH, "rating", "description: was 'Aval",
    ),
    "a term": (
        lambda c: column(c, "rating").pop("authoritativeDefinitions"),
        Level.PATCH, "rating", "authoritativeDefinitions",
    ),
    "the owner": (lambda c: c["team"].update(name="tesouraria"), Level.MINOR, None, "team.name: was 'compras', is"),
    "the database": (
        lambda c: c["servers"][1].update(database="outro"), Level.MAJOR, None, "servers.catalogo.database: was 'imp",
    ),
    "it may be older": (
        set_sla("freshness", value=2, unit="d"), Level.MAJOR, None, "freshness was 24 h, and is 2 d",
    ),
    "it is fresher": (set_sla("freshness", value=12), Level.MINOR, None, "freshness was 24 h, and is 12 h"),
    "it is kept longer": (set_sla("retention", value=6), Level.MINOR, None, "retention was 5 y, and is 6 y"),
    "it is retired": (lambda c: c.update(status="retired"), Level.MAJOR, None, "the status was active, and is retired"),
    "where it is listed": (
        lambda c: c["customProperties"][0].update(value=9), Level.PATCH, None, "customProperties.position.value: was 5",
    ),
    "what nobody foresaw": (lambda c: c.update(price={"priceAmount": 3}), Level.MINOR, None, "price"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "level", "where", "what"), CASES.values(), ids=list(CASES))
def test_a_change_is_named_with_its_place_and_class(edit: Edit, level: Level, where: str | None, what: str) -> None:
    found = after(edit)
    assert found.level == level
    gravest = [change for change in found.changes if change.level == level]
    assert any(change.column == where and what in change.what for change in gravest), found.changes
    assert found.needed == raised(VERSION, level)
    assert f"it needs {found.needed} or later" in found.problem
    assert after(edit, version=found.needed).problem == ""


def test_values_that_are_listed_are_known_to_be_more_or_fewer() -> None:
    name = next(
        each["name"] for c in document(layers.text_of("pedidos"))["schema"][0]["properties"]
        for each in c.get("quality", ()) if "validValues" in (each.get("arguments") or {})
    )  # fmt: skip
    values = rule(document(layers.text_of("pedidos")), name)["arguments"]["validValues"]

    def with_values(new: list[str]) -> Comparison:
        return after(ruled(name, arguments={"validValues": new}), "pedidos")

    assert with_values([*values, "OUTRO"]).level == Level.MAJOR
    assert "lets in OUTRO" in with_values([*values, "OUTRO"]).changes[0].what
    assert with_values(values[1:]).level == Level.MINOR
    assert "lets no more in" in with_values(values[1:]).changes[0].what
    assert with_values(values[::-1]).level == Level.PATCH


def test_what_only_its_layout_tells_apart_needs_no_version() -> None:
    again = yaml.safe_dump(document(), sort_keys=True, allow_unicode=True)
    assert compare(TABLE, TEXT, again) == Comparison(TABLE, VERSION, VERSION)


def test_the_rules_of_a_column_come_and_go_with_it() -> None:
    found = after(without("tempo_parceria_anos"))
    assert [change.what for change in found.changes] == ["the column was removed"]


def test_a_version_that_goes_back_is_named_whatever_was_changed() -> None:
    assert f"went back from {VERSION} to 0.9.0" in after(lambda _: None, version="0.9.0").problem


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1", ""])
def test_a_version_that_is_none_is_named_with_its_table(version: str) -> None:
    text = TEXT.replace(f"version: {VERSION}", f"version: '{version}'")
    with pytest.raises(ContractError, match=rf"fornecedores: 'version' is '{version}'; write three numbers"):
        compare(TABLE, TEXT, text)


def test_contracts_come_freely_and_go_after_they_said_so() -> None:
    new, gone = compared({"pedidos": layers.text_of("pedidos")}, {TABLE: TEXT})
    assert (new.table, new.before, new.problem) == (TABLE, None, "")
    assert (gone.table, gone.after, gone.level) == ("pedidos", None, Level.MAJOR)
    assert "publish it with 'status: deprecated' first" in gone.problem
    (gone,) = compared({TABLE: TEXT.replace("status: active", "status: deprecated")}, {})
    assert gone.problem == ""


@given(st.tuples(*[st.integers(0, 999)] * 3), st.sampled_from(Level), st.sampled_from(Level))
def test_a_graver_change_needs_a_later_version(version: tuple[int, int, int], one: Level, other: Level) -> None:
    text = ".".join(map(str, version))
    assert numbers(text) == version
    needed = [numbers(raised(text, level)) for level in (one, other)]
    assert (one < other) == (needed[0] < needed[1])
    assert numbers(raised(text, max(one, Level.PATCH))) > version


def test_every_contract_is_what_it_is() -> None:
    texts = {table: layers.text_of(table) for table in layers.all_tables()}
    assert compared(texts, texts) == []
    for table, text in texts.items():
        assert compare(table, text, yaml.safe_dump(yaml.safe_load(text))).changes == (), table
