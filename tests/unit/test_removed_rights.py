"""The preflight predicts each removed right that makes a deployment or a run fail, and nothing else."""

import pytest
from removed_rights import TOLERATED, happens, name_of, predicted, recorded, rights

from cli.account.permissions import Permission

pytestmark = pytest.mark.once
CALLS = recorded()
# So many rights have to be among those that something fails without.
LEAST = 40


@pytest.mark.parametrize("right", rights(), ids=name_of)
def test_what_is_predicted_is_what_happens(right: Permission) -> None:
    assert predicted(right) == happens(right, CALLS)


def test_there_are_enough_of_them_that_something_fails_without() -> None:
    assert len([each for each in rights() if happens(each, CALLS)]) >= LEAST


def test_what_is_tolerated_is_called_and_refused_for_a_reason() -> None:
    assert set(TOLERATED) - {("role", "logs:CreateLogStream"), ("role", "logs:PutLogEvents")} <= {
        (call.holder, call.action) for call in CALLS
    }
