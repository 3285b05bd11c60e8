"""The layers and their tables, as the heads of the contracts say."""

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from lakehouse.contract import layers
from lakehouse.contract.layers import BRONZE, GOLD, LAYERS, SILVER, Head
from lakehouse.errors import ContractError

Write = Callable[..., None]


def forget() -> None:
    for cached in (layers.tables_of, layers.all_tables, layers.head, layers._layers):
        cached.cache_clear()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Return what writes a contract into a layer of an empty folder, with the properties of its head."""
    for layer in LAYERS:
        (tmp_path / layer).mkdir()
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)

    def written(layer: str, table: str, **properties: object) -> None:
        head = "".join(f"  - property: {name}\n    value: {value}\n" for name, value in properties.items())
        text = f"name: {table}\n" + (f"customProperties:\n{head}" if head else "")
        (tmp_path / layer / f"{table}.odcs.yaml").write_text(f"{text}schema:\n  - never: [read\n")

    forget()
    yield written
    forget()


def test_a_table_is_of_the_layer_in_whose_folder_its_contract_lies(write: Write) -> None:
    write(BRONZE, "fretes")
    write(GOLD, "fretes_por_mes")
    assert [layers.tables_of(layer) for layer in LAYERS] == [("fretes",), (), ("fretes_por_mes",), ()]
    assert layers.all_tables() == ("fretes", "fretes_por_mes")
    assert layers.layer_of("fretes_por_mes") == GOLD


def test_tables_stand_by_position_and_those_without_one_after_them_by_name(write: Write) -> None:
    for table, position in {"d": 3, "c": None, "b": None, "a": 12}.items():
        write(BRONZE, table, **({} if position is None else {"position": position}))
    assert layers.tables_of(BRONZE) == ("d", "a", "b", "c")


def test_other_files_beside_the_contracts_are_none(write: Write, tmp_path: Path) -> None:
    write(BRONZE, "fretes")
    (tmp_path / BRONZE / "README.md").write_text("")
    assert layers.tables_of(BRONZE) == ("fretes",)


def test_a_head_without_properties_asks_for_nothing_special(write: Write) -> None:
    write(SILVER, "fretes")
    assert layers.head("fretes") == Head("fretes", SILVER, None, "all", "", ())


def test_a_head_is_read_without_the_rest_of_its_contract(write: Write) -> None:
    write(SILVER, "fretes", position=2, parts="cut", role="fact", foundBy="[Frete, frete marítimo]")
    assert layers.head("fretes") == Head("fretes", SILVER, 2, "cut", "fact", ("Frete", "frete marítimo"))


def test_the_tables_that_are_cut_are_those_whose_contract_says_so(write: Write) -> None:
    write(BRONZE, "a", parts="cut")
    write(BRONZE, "b", parts="first")
    write(BRONZE, "c")
    assert layers.cut_tables(BRONZE) == ("a",)


def test_a_role_is_one_table_s(write: Write) -> None:
    write(SILVER, "a", role="fact")
    assert layers.in_role("fact") == "a"
    with pytest.raises(ContractError, match="the role forecast is that of no table; give exactly one contract"):
        layers.in_role("forecast")
    forget()
    write(SILVER, "b", role="fact")
    with pytest.raises(ContractError, match="the role fact is that of a and b"):
        layers.in_role("fact")


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"position": "first"}, "the property position is 'first'; write a whole number"),
        ({"parts": "some"}, "the property parts is 'some'; use cut, first, all"),
        ({"part": "cut"}, "the property part is unknown; use position, parts, role, foundBy"),
    ],
)
def test_a_head_that_says_something_else_is_refused_by_its_file(
    write: Write, properties: dict[str, str], said: str
) -> None:
    write(BRONZE, "fretes", **properties)
    with pytest.raises(ContractError, match=f"^glue/contracts/bronze/fretes.odcs.yaml: {said}"):
        layers.tables_of(BRONZE)


def test_an_unknown_layer_or_table_is_a_key_error(write: Write) -> None:
    with pytest.raises(KeyError):
        layers.tables_of("platinum")
    with pytest.raises(KeyError):
        layers.layer_of("fretes")
