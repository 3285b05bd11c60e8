"""How many items of a Distributed Map run at once is what its path leads to, as on AWS."""

from typing import Any

import pytest

from cli.embedded.standins.map_concurrency import FIELD, PATH, resolved


def follow(path: str, given: Any, context: Any) -> Any:
    del context
    return given.get(path.removeprefix("$."))


@pytest.mark.parametrize("number", [0, 1, 8, 1000])
def test_the_number_takes_the_place_of_the_path(number: int) -> None:
    state = {"Type": "Map", PATH: "$.at_once", "Label": "x"}
    assert resolved(state, {"at_once": number}, {}, follow) == {"Type": "Map", "Label": "x", FIELD: number}
    assert PATH in state


def test_a_state_with_a_number_of_its_own_stays_as_it_is() -> None:
    state = {"Type": "Map", FIELD: 3}
    assert resolved(state, {}, {}, follow) == state


@pytest.mark.parametrize("wrong", [None, "8", -1, 1.5, True])
def test_what_is_no_number_fails_as_on_aws(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"'\$.at_once' does not lead to a number"):
        resolved({PATH: "$.at_once"}, {"at_once": wrong}, {}, follow)
