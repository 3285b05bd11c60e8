"""Another team in the same account, with names much like ours: nothing of the project lists, tags or touches it."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cli.embedded.endpoint import ACCOUNT, REGION

Client = Callable[[str], Any]

ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/vendas"
MACHINES: Final = ("StateMachine_DAG_vendas", "StateMachine_DAG_pipeline_vendas", "vendas")
CRAWLERS: Final = ("vendas-bronze", "crm-importau")
DATABASES: Final = ("vendas_bronze", "crm_importau")
BUCKETS: Final = ("importador-vendas", "lakehouse-importau-vendas")
FUNCTIONS: Final = ("vendas-bronze", "crm-importau")
LOG_GROUPS: Final = ("/aws/lambda/vendas-bronze", "/aws/vendedlogs/states/vendas")
WORKGROUPS: Final = ("vendas", "crm-importau")
# Calls that show what everybody has.
LISTS: Final = frozenset(
    {
        "athena:ListDataCatalogs", "athena:ListWorkGroups", "glue:GetCrawlers", "glue:GetDatabases",
        "glue:ListCrawlers", "lambda:ListFunctions", "lambda:ListLayers", "s3:ListAllMyBuckets",
        "states:ListStateMachines", "cloudformation:ListStacks", "tag:GetResources",
    }
)  # fmt: skip
_TAGS: Final = {"team": "vendas"}
_DEFINITION: Final = json.dumps({"StartAt": "Nothing", "States": {"Nothing": {"Type": "Pass", "End": True}}})


def settle(client: Client) -> None:
    """Fill an account with what another team has in it.

    Parameters
    ----------
    client : callable
        Returns a client of the account's owner for a service.
    """
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [
        f"{each}.amazonaws.com" for each in ("lambda", "states", "glue")
    ]}}  # fmt: skip
    client("iam").create_role(
        RoleName="vendas", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    for name in MACHINES:
        client("stepfunctions").create_state_machine(
            name=name, definition=_DEFINITION, roleArn=ROLE, tags=[{"key": "team", "value": "vendas"}]
        )
    for name in BUCKETS:
        client("s3").create_bucket(Bucket=name)
        client("s3").put_object(Bucket=name, Key="landing/csv_exports/pedidos.csv", Body=b"theirs")
    for name in DATABASES:
        client("glue").create_database(DatabaseInput={"Name": name})
        client("glue").create_table(DatabaseName=name, TableInput={"Name": "pedidos"})
    for name in CRAWLERS:
        targets = {"S3Targets": [{"Path": f"s3://{BUCKETS[0]}/landing/"}]}
        client("glue").create_crawler(Name=name, Role=ROLE, DatabaseName=DATABASES[0], Targets=targets, Tags=_TAGS)
    for name in FUNCTIONS:
        client("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Role=ROLE, Handler="app.handler", Code={"ZipFile": _code()},
            Tags=_TAGS,
        )  # fmt: skip
    for name in LOG_GROUPS:
        client("logs").create_log_group(logGroupName=name, tags=_TAGS)
    for name in WORKGROUPS:
        client("athena").create_work_group(Name=name, Tags=[{"Key": "team", "Value": "vendas"}])


def seen(client: Client) -> dict[str, Any]:
    """Return all that can be seen of the other team, to be compared with later."""
    states, glue, lambdas = client("stepfunctions"), client("glue"), client("lambda")
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:"
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    return {
        **{name: _of_machine(states, machine + name) for name in MACHINES},
        **{name: glue.get_tables(DatabaseName=name)["TableList"] for name in DATABASES},
        **{name: glue.get_crawler(Name=name)["Crawler"] for name in CRAWLERS},
        **{f"function {name}": lambdas.list_tags(Resource=function + name)["Tags"] for name in FUNCTIONS},
        **{name: _of_bucket(client("s3"), name) for name in BUCKETS},
        **{
            name: client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][0].get("retentionInDays")
            for name in LOG_GROUPS
        },
    }


def keep_out() -> dict[str, Any]:
    """Return a statement that denies everything on what the other team has."""
    where = f"{REGION}:{ACCOUNT}"
    arns = [
        *(f"arn:aws:states:{where}:stateMachine:{name}" for name in MACHINES),
        *(f"arn:aws:states:{where}:execution:{name}:*" for name in MACHINES),
        *(f"arn:aws:glue:{where}:crawler/{name}" for name in CRAWLERS),
        *(f"arn:aws:glue:{where}:{kind}/{name}*" for name in DATABASES for kind in ("database", "table")),
        *(f"arn:aws:s3:::{name}*" for name in BUCKETS),
        *(f"arn:aws:lambda:{where}:function:{name}*" for name in FUNCTIONS),
        *(f"arn:aws:logs:{where}:log-group:{name}*" for name in LOG_GROUPS),
        *(f"arn:aws:athena:{where}:workgroup/{name}" for name in WORKGROUPS),
    ]
    return {"Effect": "Deny", "Action": "*", "Resource": arns}


def touched(calls: Iterable[Mapping[str, Any]], roles: Iterable[str]) -> list[str]:
    """Return the calls of some roles that are about what the other team has, or show it in a list.

    Parameters
    ----------
    calls : iterable of mapping
        As the embedded AWS writes them down: ``who``, ``action``, ``resource``.
    roles : iterable of str
        The names of the roles of ours.
    """
    names = (*MACHINES, *CRAWLERS, *DATABASES, *BUCKETS, *FUNCTIONS, *LOG_GROUPS, *WORKGROUPS)
    return [
        f"{call['action']} on {call['resource']}"
        for call in calls
        if any(f"assumed-role/{role}/" in str(call["who"]) for role in roles)
        and (call["action"] in LISTS or any(_is_about(str(call["resource"]), name) for name in names))
    ]


def _is_about(resource: str, name: str) -> bool:
    return name in resource.replace(":", "/").split("/") or (name.startswith("/") and name in resource)


def _of_machine(states: Any, arn: str) -> Any:
    described = states.describe_state_machine(stateMachineArn=arn)
    return described["definition"], states.list_tags_for_resource(resourceArn=arn)["tags"]


def _of_bucket(s3: Any, name: str) -> list[tuple[str, str]]:
    return [(each["Key"], each["ETag"]) for each in s3.list_objects_v2(Bucket=name)["Contents"]]


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return None\n")
    return packed.getvalue()
