"""The preflight of a deployment: what stops it, what it does without by itself, and what it says is in the way."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from answering import USUAL, Answering, refused

from cli.account.execution_role import SERVICES, ExecutionRole
from cli.account.identity import Identity
from cli.account.permissions import EXAMPLE, permissions
from cli.errors import CliError
from cli.preflight.deployment import Preflight, preflight
from cli.preflight.evaluation import Held, Policy
from cli.preflight.held import held_by
from cli.preflight.intent import Intent, intended
from cli.preflight.reasons import advice

LAB = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/voclabs/user1=Ana", "AROA:x")
ROLE = ExecutionRole(EXAMPLE.role, frozenset(SERVICES), "named")
SIMULATE = "iam simulate-principal-policy"
DELIVERY = "logs:CreateLogDelivery"
TRACES = "xray:PutTraceSegments"


def values(arguments: Sequence[str], option: str) -> list[str]:
    rest = arguments[arguments.index(option) + 1 :] if option in arguments else ()
    return [*rest[: next((i for i, word in enumerate(rest) if word.startswith("--")), len(rest))]]


def account(*denied: tuple[str, str], **answers: Any) -> Answering:
    """Return an account whose simulator denies these holders these actions."""
    return Answering(
        region="us-east-1",
        answers=USUAL | {SIMULATE: simulator(lambda holder, action, _: (holder, action) not in denied)} | answers,
    )


def simulator(allows: Any) -> Any:
    """Return a policy simulator that asks a function of holder, action and context."""

    def answer(arguments: Sequence[str]) -> dict[str, Any]:
        (source,) = values(arguments, "--policy-source-arn")
        holder = "role" if source == EXAMPLE.role else "user"
        pairs = [each.split(",") for each in values(arguments, "--context-entries")]
        context = {name.partition("=")[2]: value.partition("=")[2] for name, _, value in pairs}
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalDecision": "allowed" if allows(holder, action, context) else "implicitDeny",
                }
                for action in values(arguments, "--action-names")
            ]
        }

    return answer


def looked(aws_cli: Answering, intent: Intent | None = None, role: ExecutionRole = ROLE) -> Preflight:
    return preflight(aws_cli, LAB, EXAMPLE, role, intent or Intent())


def stopped(aws_cli: Answering, intent: Intent | None = None, role: ExecutionRole = ROLE) -> CliError:
    with pytest.raises(CliError) as error:
        looked(aws_cli, intent, role)
    return error.value


def test_where_all_is_allowed_nothing_is_said() -> None:
    assert looked(account()) == Preflight([], [], {})


@pytest.mark.parametrize(
    ("action", "parameter"),
    [(DELIVERY, "StateMachineLogLevel=OFF"), ("logs:PutResourcePolicy", "StateMachineLogLevel=OFF"),
     (TRACES, "XRayTracing=PassThrough")],
)  # fmt: skip
def test_what_the_role_may_not_log_or_trace_is_turned_off_and_told(action: str, parameter: str) -> None:
    (adaptation,) = looked(account(("role", action))).adaptations
    assert f"{adaptation.name}={adaptation.value}" == parameter
    assert adaptation.why.startswith(f"{parameter}: the execution role may not ")
    assert action in adaptation.why


@pytest.mark.parametrize(
    ("action", "name", "value"), [(DELIVERY, "StateMachineLogLevel", "ALL"), (TRACES, "XRayTracing", "Active")]
)
def test_what_a_person_asked_for_is_not_turned_off_but_stops_the_deployment(action: str, name: str, value: str) -> None:
    error = stopped(account(("role", action)), Intent({name: value}, frozenset({name})))
    assert action in error.message
    assert f"--parameter {name}=" in error.fix


def test_what_is_turned_off_already_needs_nothing() -> None:
    off = Intent({"StateMachineLogLevel": "OFF", "XRayTracing": "PassThrough"})
    assert looked(account(("role", DELIVERY), ("role", TRACES)), off).adaptations == []


def test_every_right_that_is_missing_is_named_with_whose_it_is_what_for_and_the_fix() -> None:
    denied = [("user", "lambda:CreateFunction"), ("role", "events:PutRule"), ("role", "lambda:InvokeFunction")]
    error = stopped(account(*denied))
    assert error.message.splitlines() == [
        "nothing was deployed, for it would fail:",
        "  you may not lambda:CreateFunction (make the functions): no policy allows it",
        "  the execution role may not lambda:InvokeFunction (call the functions): no policy allows it",
        "  the execution role may not events:PutRule (hear when a layer, or its audit, has ended): no policy allows it",
    ]
    assert "./importau check" in error.fix


def test_a_role_that_a_service_may_not_take_on_stops_it() -> None:
    error = stopped(account(), role=ExecutionRole(EXAMPLE.role, frozenset({"lambda.amazonaws.com"}), "named"))
    assert "may not be taken on by states.amazonaws.com" in error.message
    regional = frozenset({"lambda.amazonaws.com", "states.us-east-1.amazonaws.com", "glue.amazonaws.com"})
    assert looked(account(), role=ExecutionRole(EXAMPLE.role, regional, "named")) == Preflight([], [], {})


def test_whoever_may_deploy_but_not_run_deploys_and_is_told() -> None:
    (warning,) = looked(account(("user", "states:StartExecution"))).warnings
    assert "states:StartExecution" in warning


@pytest.mark.parametrize(
    "optional", ["glue:SearchTables", "s3:DeleteObject", "athena:StartQueryExecution", "logs:FilterLogEvents"]
)
def test_what_neither_a_deployment_nor_a_run_needs_stops_neither(optional: str) -> None:
    assert looked(account(("user", optional))) == Preflight([], [], {})


@pytest.mark.parametrize(("first", "action"), [(True, "lambda:UpdateFunctionCode"), (False, "none")])
def test_what_only_a_change_needs_stops_no_first_deployment(first: bool, action: str) -> None:
    assert looked(account(("user", action)), Intent(first=first)).warnings == []
    assert (
        "lambda:UpdateFunctionCode"
        in stopped(account(("user", "lambda:UpdateFunctionCode")), Intent(first=False)).message
    )


def test_a_bucket_that_is_there_need_not_be_made() -> None:
    denied = account(("user", "s3:CreateBucket"))
    assert "s3:CreateBucket" in stopped(denied).message
    assert looked(denied, Intent(has_bucket=True)) == Preflight([], [], {})


@pytest.mark.parametrize(
    ("parameters", "holder", "action"),
    [
        ({"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}, "role", "ec2:CreateNetworkInterface"),
        ({"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}, "user", "ec2:DescribeSubnets"),
        ({"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1"}, "role", "kms:GenerateDataKey"),
        ({"ReservedConcurrency": "5"}, "user", "lambda:PutFunctionConcurrency"),
    ],
)
def test_a_parameter_brings_needs_of_its_own(parameters: Mapping[str, str], holder: str, action: str) -> None:
    denied = account((holder, action))
    assert looked(denied) == Preflight([], [], {})
    assert action in stopped(denied, Intent(parameters)).message


def test_a_deployed_stack_keeps_its_parameters_and_is_no_first_deployment() -> None:
    stack = {
        "StackStatus": "UPDATE_COMPLETE",
        "Parameters": [{"ParameterKey": "SubnetIds", "ParameterValue": "subnet-1"}],
    }
    intent = intended(stack, {"LogLevel": "DEBUG", "PandasLayerArn": "x"}, has_bucket=True, ours=["PandasLayerArn"])
    assert (intent.first, intent.in_vpc, intent.chosen) == (False, True, frozenset({"LogLevel"}))
    assert intended(stack | {"StackStatus": "REVIEW_IN_PROGRESS"}, {}, has_bucket=False).first


# ---- what is in the way ----------------------------------------------------------------------------------------------


def test_functions_that_have_to_be_in_a_vpc_are_named_with_the_parameters() -> None:
    demands = simulator(lambda _, action, context: action != "lambda:CreateFunction" or "lambda:vpcids" in context)
    error = stopped(account(**{SIMULATE: demands}))
    assert "functions have to be in a VPC here" in error.message
    assert "--parameter SubnetIds=SUBNET,SUBNET --parameter SecurityGroupIds=GROUP" in error.fix


def test_a_region_that_is_not_allowed_is_named_with_one_that_is() -> None:
    elsewhere = simulator(lambda _, __, context: context["aws:requestedregion"] == "us-west-2")
    error = stopped(account(**{SIMULATE: elsewhere}))
    assert "the region us-east-1 is not allowed" in error.message
    assert "--region us-west-2" in error.fix


@pytest.mark.parametrize(
    ("detail", "said", "fix"),
    [
        ({"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}},
         "the execution role's permission boundary limits", "Have the boundary allow that"),
        ({"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}},
         "the organization's policies (SCP) limit the execution role's", "Ask whoever manages the organization"),
    ],
)  # fmt: skip
def test_what_limits_policies_is_named(detail: dict[str, Any], said: str, fix: str) -> None:
    plain = simulator(lambda *_: True)

    def limited(arguments: Sequence[str]) -> dict[str, Any]:
        answer: dict[str, Any] = plain(arguments)
        for each in answer["EvaluationResults"]:
            if each["EvalActionName"] == "glue:StartCrawler":
                each |= {"EvalDecision": "implicitDeny", **detail}
        return answer

    error = stopped(account(**{SIMULATE: limited}))
    assert f"{said}" in error.message
    assert "glue:StartCrawler" in error.message
    assert fix in error.fix


SETTINGS: dict[str, Any] = {"DataLakeAdmins": [], "CreateDatabaseDefaultPermissions": []}
OPEN = {"CreateDatabaseDefaultPermissions": [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}}]}
ADMIN = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": EXAMPLE.role}]}


@pytest.mark.parametrize(("settings", "warned"), [({}, True), (OPEN, False), (ADMIN, False)])
def test_lake_formation_is_named_where_it_governs_new_databases(settings: dict[str, Any], warned: bool) -> None:
    governed = account(**{"lakeformation get-data-lake-settings": {"DataLakeSettings": SETTINGS | settings}})
    warnings = looked(governed).warnings
    assert [("Lake Formation governs" in each, "grant" in each) for each in warnings] == [(True, True)] * warned


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("'arn:aws:iam::1:role/R' is not authorized to create managed-rule.", "events:PutRule"),
        ("The state machine IAM Role is not authorized to access the Log Destination", "StateMachineLogLevel=OFF"),
        ("role does not have permissions to call PutTraceSegments on XRAY", "XRayTracing=PassThrough"),
        ("role does not have permissions to call CreateNetworkInterface on EC2", "ec2:CreateNetworkInterface"),
        ("The role defined for the function cannot be assumed by Lambda.", "trust policy"),
        ("Neither the global service principal ... is authorized to assume the provided role.", "trust policy"),
        ("Insufficient Lake Formation permission(s) on importau_gold", "grant"),
        ("with an explicit deny in a service control policy", "--region"),
        ("because no permissions boundary allows the action", "boundary"),
        ("State Machine Already Exists: 'arn:aws:states:us-east-1:1:stateMachine:StateMachine_DAG_gold'", "--stage"),
        (
            "Resource of type 'AWS::Glue::Crawler' with identifier 'importau-gold' already exists.",
            "--stage",
        ),
        ("Database importau_gold already exists", "--stage"),
        ("vendas already exists", ""),
        ("importau-lakehouse-ana already exists", ""),
        ("The bucket is full", ""),
    ],
)
def test_what_aws_says_is_told_with_what_to_do(said: str, fix: str) -> None:
    assert fix in advice(said)
    assert bool(advice(said)) == bool(fix)


# ---- where the simulator may not be asked ----------------------------------------------------------------------------


def policies_of(**by_role: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return IAM's answers on roles with one inline and one attached policy, as far as there are statements."""

    def of(arguments: Sequence[str]) -> list[Mapping[str, Any]]:
        return list(by_role[values(arguments, "--role-name")[0]])

    return {
        SIMULATE: refused("AccessDenied"),
        "iam get-role": {"Role": {"Arn": EXAMPLE.role}},
        "iam list-role-policies": {"PolicyNames": ["own"]},
        "iam get-role-policy": lambda arguments: {"PolicyDocument": {"Statement": of(arguments)}},
        "iam list-attached-role-policies": {"AttachedPolicies": []},
    }


ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def test_policies_that_may_be_read_are_evaluated_here() -> None:
    denies = {"Effect": "Deny", "Action": "states:StartExecution", "Resource": "*"}
    error = stopped(account(**policies_of(voclabs=[ALL], LabRole=[ALL, denies])))
    assert error.message.splitlines()[1:] == [
        "  the execution role may not states:StartExecution (run the layers in turn and a layer's audit, and large "
        "layers a part an execution): the policy own denies it"
    ]
    assert looked(account(**policies_of(voclabs=[ALL], LabRole=[ALL]))) == Preflight([], [], {})


def test_what_may_not_be_known_is_counted_and_stops_nothing() -> None:
    seen = looked(account(**{SIMULATE: refused("AccessDenied")}))
    intent = Intent()
    of_role = [each for each in permissions("role") if intent.stopped(each)]
    assert seen.unknown["role"] == len(of_role)
    assert seen.adaptations == []


def test_a_user_has_the_policies_of_the_groups_and_a_boundary() -> None:
    document = {"Statement": [ALL]}
    answers = {
        "iam get-user": {"User": {"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::1:policy/limit"}}},
        "iam list-user-policies": {"PolicyNames": ["own"]},
        "iam get-user-policy": {"PolicyDocument": document},
        "iam list-attached-user-policies": {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/attached"}]},
        "iam get-policy": {"Policy": {"DefaultVersionId": "v3"}},
        "iam get-policy-version": {"PolicyVersion": {"Document": document}},
        "iam list-groups-for-user": {"Groups": [{"GroupName": "g"}]},
        "iam list-group-policies": {"PolicyNames": ["of-group"]},
        "iam get-group-policy": {"PolicyDocument": "%7B%22Statement%22%3A%20%5B%5D%7D"},
        "iam list-attached-group-policies": refused("AccessDenied"),
    }
    held = held_by(Answering(answers=answers), "arn:aws:iam::1:user/team/ana")
    assert held == Held(
        (Policy("own", document), Policy("attached", document), Policy("of-group", {"Statement": []})),
        Policy("limit", document),
        ("which policies are attached to the group g",),
    )


def test_nothing_is_known_of_a_federated_user() -> None:
    assert held_by(Answering(), "arn:aws:sts::1:federated-user/ana").unread
