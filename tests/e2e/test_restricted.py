"""A restricted account: nobody may make roles, and everybody holds the least policies of docs/permissions.md.

One journey, from the first look to nothing left, with IAM enforced. What CloudFormation and Step Functions do for
somebody the embedded AWS does not hold against policies: docs/permissions.md says what follows from that.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import strangers
from golden import assert_golden
from removed_rights import CALLS, as_golden
from restricted_account import EXECUTION_ROLE, LAYERS, PLACE, USER_ROLE, Account, Ran, restricted_account

from cli.account.permissions import Holder, permissions

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Journey:
    """What each command said, and what AWS was asked.

    Attributes
    ----------
    said : dict of str to Ran
    refusals : dict of str to tuple of Ran
        By the permission that was taken away: what `check` said, and the command that needs it.
    calls : list of dict
        Every call that IAM decided on, outside the refusals.
    phases : dict of str to list of dict
        The calls of the deployment, and those of the run.
    made_after_refusal : list of str
        The stacks and buckets that there are after the deployments that were refused.
    others : tuple of dict
        What could be seen of another team before and after.
    """

    said: dict[str, Ran]
    refusals: dict[str, tuple[Ran, Ran]]
    calls: list[dict[str, object]]
    phases: dict[str, list[dict[str, object]]]
    made_after_refusal: list[str]
    others: tuple[dict[str, object], dict[str, object]]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with restricted_account(tmp_path_factory.mktemp("restricted")) as made:
        yield made


@pytest.fixture(scope="module")
def journey(  # noqa: PLR0915 - it is long
    account: Account, csv_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Journey:
    said: dict[str, Ran] = {}
    refusals: dict[str, tuple[Ran, Ran]] = {}

    phases: dict[str, list[dict[str, object]]] = {}
    before = strangers.seen(account.client)

    def go(name: str, *arguments: str) -> None:
        begun = len(account.server.calls())
        said[name] = account.importau(*arguments)
        phases[name] = account.server.calls()[begun:]

    def refused(role: str, action: str, *arguments: str) -> None:
        with account.denied(role, action):
            refusals[f"{role} {action}"] = (account.importau("check", "--json"), account.importau(*arguments))

    go("check", "check", "--json")
    with account.denied(USER_ROLE, "iam:SimulatePrincipalPolicy"):
        go("check without the simulator", "check", "--json")
        with account.allowed(USER_ROLE, "iam:Get*", "iam:List*"):
            go("check by its policies", "check", "--json")
    refused(USER_ROLE, "lambda:CreateFunction", "deploy", "--yes", *LAYERS)
    refused(EXECUTION_ROLE, "events:PutRule", "deploy", "--yes", *LAYERS)
    buckets = [each["Name"] for each in account.client("s3").list_buckets()["Buckets"]]
    stacks = [each["StackName"] for each in account.client("cloudformation").describe_stacks()["Stacks"]]
    go("deploy", "deploy", "--yes", *LAYERS)
    go("bucket", "bucket")
    go("deploy again", "deploy", "--yes", *LAYERS)
    refused(USER_ROLE, "s3:PutObject", "run", "--csv-dir", str(csv_dir))
    go("run", "run", "--csv-dir", str(csv_dir))
    refused(USER_ROLE, "states:StartExecution", "run", "bronze")
    refused(EXECUTION_ROLE, "s3:PutObject", "run", "bronze", "--force")
    account.client("glue").delete_table(DatabaseName="importau_gold", Name="agregado_fluxo_de_caixa_mensal")
    refused(EXECUTION_ROLE, "glue:CreateTable", "run", "governance")
    go("governance", "run", "governance")
    go("iceberg", "iceberg", "--json")
    go("verify", "verify", "--json")
    go("audit", "audit", "--json")
    go("hold", "run", "--force", "--hold")
    (waiting,) = json.loads(account.importau("status", "--json").out)["waiting"]
    go("publish", "publish", waiting["run"], "--yes")
    refused(EXECUTION_ROLE, "glue:UpdateTable", "rollback", "--yes")
    go("repair", "verify", "--repair")
    go("rollback", "rollback", "2", "--yes")
    go("iceberg after a rollback", "iceberg", "--json")
    go("versions", "versions", "--json")
    go("diff", "diff")
    go("replay", "replay", "1")
    go("quarantine", "quarantine", "list")
    go("vacuum", "vacuum", "--yes")
    go("person", "person", "fabio.moraes", "--json")
    go("search", "search", "forecast")
    go("query", "query", "saidas-por-mes", "--csv", str(tmp_path_factory.mktemp("query") / "saidas.csv"))
    go("query of a version", "query", "saidas-por-mes", "--version", "1")
    out = tmp_path_factory.mktemp("export") / "out"
    go("export", "export", str(out))
    go("portal", "portal", "--publish", "--output", str(out / "portal.html"))
    go("iceberg dropped", "iceberg", "--drop", "--yes")
    go("logs", "logs", "bronze")
    go("destroy", "destroy", "--yes", "--delete-data")
    others = before, strangers.seen(account.client)
    made = [name for name in (*stacks, *buckets) if name not in strangers.BUCKETS]
    return Journey(said, refusals, account.server.calls(), phases, made, others)


LOOKED = "lakeformation:GetDataLakeSettings"

STEPS = [
    "check", "check without the simulator", "check by its policies", "deploy", "bucket", "deploy again", "run",
    "governance", "iceberg", "verify", "audit",
    "hold", "publish", "repair", "rollback", "iceberg after a rollback", "versions", "diff", "replay", "quarantine",
    "vacuum", "person", "search",
    "query", "query of a version", "export", "portal", "iceberg dropped", "logs", "destroy",
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_user_who_may_make_no_role_gets_through(journey: Journey, step: str) -> None:
    ran = journey.said[step]
    assert ran.code == 0, ran.out + ran.err


def test_nothing_that_is_forbidden_was_tried(journey: Journey) -> None:
    tried = {str(call["action"]) for call in journey.calls if PLACE.caller.rpartition("/")[2] in str(call["who"])}
    forbidden = ("iam:Create", "iam:Put", "iam:Attach", "lakeformation:", "datazone:")
    # To look whether Lake Formation governs is tried, and takes no for an answer.
    assert not [action for action in tried if action.startswith(forbidden) and action != LOOKED]


def test_check_knows_the_account(journey: Journey) -> None:
    found = json.loads(journey.said["check"].out)
    assert found["identity"]["name"] == "Nome_Sobrenome"
    assert found["identity"]["role"] == USER_ROLE
    assert found["bucket"] == {"name": PLACE.bucket, "exists": False}
    assert found["execution_role"]["arn"] == PLACE.role
    assert set(found["execution_role"]["trusts"].values()) == {True}
    assert {each["permission"] for each in found["permissions"] if each["verdict"] != "allowed"} <= {LOOKED}


def test_without_the_simulator_nothing_is_called_denied_that_is_allowed(journey: Journey) -> None:
    found = json.loads(journey.said["check without the simulator"].out)
    verdicts = {each["permission"]: each["verdict"] for each in found["permissions"] if each["holder"] == "user"}
    assert "denied" not in verdicts.values()
    assert verdicts["s3:ListBucket"] in ("allowed", "unknown")
    assert verdicts["states:ListExecutions"] == "allowed"
    assert verdicts["lambda:CreateFunction"] == "unknown"
    assert {each["verdict"] for each in found["permissions"] if each["holder"] == "role"} == {"unknown"}


def test_policies_that_may_be_read_are_as_good_as_the_simulator(journey: Journey) -> None:
    found = json.loads(journey.said["check by its policies"].out)
    denied = {each["permission"] for each in found["permissions"] if each["verdict"] != "allowed"}
    assert "iam:SimulatePrincipalPolicy" in denied  # so the policies say what is so
    assert denied <= {LOOKED, "iam:SimulatePrincipalPolicy"}


REFUSALS = {
    f"{USER_ROLE} lambda:CreateFunction": "lambda:CreateFunction",
    f"{USER_ROLE} s3:PutObject": "s3:PutObject",
    f"{USER_ROLE} states:StartExecution": "states:StartExecution",
    f"{EXECUTION_ROLE} events:PutRule": "events:PutRule",
    f"{EXECUTION_ROLE} s3:PutObject": "s3:PutObject",
    f"{EXECUTION_ROLE} glue:CreateTable": "glue:CreateTable",
    f"{EXECUTION_ROLE} glue:UpdateTable": "glue:UpdateTable",
}


@pytest.mark.parametrize("taken", REFUSALS)
def test_check_predicts_what_a_missing_permission_prevents(journey: Journey, taken: str) -> None:
    check, _ = journey.refusals[taken]
    holder = "role" if taken.startswith(EXECUTION_ROLE) else "user"
    denied = {
        (each["holder"], each["permission"])
        for each in json.loads(check.out)["permissions"]
        if each["verdict"] == "denied"
    }
    assert check.code == 1
    assert denied == {(holder, REFUSALS[taken])}
    assert REFUSALS[taken] in check.err


@pytest.mark.parametrize("taken", REFUSALS)
def test_the_command_that_needs_it_fails_and_names_it(journey: Journey, taken: str) -> None:
    _, command = journey.refusals[taken]
    assert command.code == 1
    assert REFUSALS[taken] in command.err
    assert "Traceback" not in command.err


def test_a_deployment_that_would_fail_is_not_begun_and_not_even_its_bucket_is_made(journey: Journey) -> None:
    assert journey.made_after_refusal == []


def test_nothing_of_another_team_is_listed_or_touched(journey: Journey) -> None:
    before, after = journey.others
    assert after == before
    ours = USER_ROLE, EXECUTION_ROLE
    # Whether somebody else reads the lakehouse only `verify` asks, and looks at no more than who has what.
    looked = [call for step in ("verify", "repair") for call in journey.phases[step]]
    assert {each.partition(" ")[0] for each in strangers.touched(looked, ours)} <= {
        "glue:GetDatabases", "glue:GetTables", "states:ListStateMachines", "states:DescribeStateMachine",
    }  # fmt: skip
    assert len(strangers.touched(journey.calls, ours)) == len(strangers.touched(looked, ours))


@pytest.mark.golden
def test_the_calls_that_removed_rights_are_held_against_are_those_of_a_deployment_and_a_run(journey: Journey) -> None:
    assert_golden(as_golden({phase: journey.phases[phase] for phase in ("deploy", "run")}), CALLS)


def _called(journey: Journey, holder: Holder) -> set[str]:
    role = {"user": USER_ROLE, "role": EXECUTION_ROLE}[holder]
    return {str(call["action"]) for call in journey.calls if f"assumed-role/{role}/" in str(call["who"])}


def test_every_call_is_one_that_iam_knows_by_name(journey: Journey) -> None:
    assert not [call for call in journey.calls if call["who"] == "unknown"]


@pytest.mark.parametrize("holder", ["user", "role"])
def test_nothing_is_called_that_is_not_listed(journey: Journey, holder: Holder) -> None:
    assert _called(journey, holder) <= {
        each.action for each in permissions(holder, given=["no policy simulator", "Lake Formation"])
    }


@pytest.mark.parametrize("holder", ["user", "role"])
def test_nothing_is_listed_as_our_own_call_that_is_not_called(journey: Journey, holder: Holder) -> None:
    own = {each.action for each in permissions(holder) if each.need.caller == "own"}
    assert own <= _called(journey, holder)
