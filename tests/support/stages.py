"""Two lakehouses in one account, in two stages: each is as it was, whatever happens to the other.

With ``IMPORTAU_BESIDE=hom`` every lakehouse that a test deploys has one of stage ``hom`` beside it, which has published
a version, and in the end is found as it was.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from exports import SAMPLE

from cli.building import sam
from cli.session import at
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.stage import Stage

Client = Callable[[str], Any]
BESIDE: Final = os.environ.get("IMPORTAU_BESIDE", "")
_PATIENCE: Final = 180


def everything(client: Any) -> dict[str, Any]:
    """Return what is in the account, whose ever it is, by kind and name, with what shows that somebody touched it."""
    states, glue, s3 = client("stepfunctions"), client("glue"), client("s3")
    found: dict[str, Any] = {}
    for machine in states.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        ran = sorted(each["name"] for each in states.list_executions(stateMachineArn=arn)["executions"])
        found[f"machine {machine['name']}"] = ran, states.describe_state_machine(stateMachineArn=arn)["definition"]
    for function in client("lambda").get_paginator("list_functions").paginate().search("Functions"):
        found[f"function {function['FunctionName']}"] = function["CodeSha256"], function.get("Environment")
    for layer in client("lambda").list_layers()["Layers"]:
        found[f"layer {layer['LayerName']}"] = layer["LatestMatchingVersion"]["LayerVersionArn"]
    for database in glue.get_databases()["DatabaseList"]:
        tables = glue.get_paginator("get_tables").paginate(DatabaseName=database["Name"]).search("TableList")
        found[f"database {database['Name']}"] = {table["Name"]: table.get("Parameters") for table in tables}
    for crawler in glue.get_crawlers()["Crawlers"]:
        found[f"crawler {crawler['Name']}"] = crawler["DatabaseName"], crawler.get("LastCrawl")
    for bucket in s3.list_buckets()["Buckets"]:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"])
        found[f"bucket {bucket['Name']}"] = sorted(
            (each["Key"], each["VersionId"], each["ETag"]) for page in pages for each in page.get("Versions", ())
        )
    named = {
        "log group": [each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"]],
        "workgroup": [each["Name"] for each in client("athena").list_work_groups()["WorkGroups"]],
        "alarm": [each["AlarmName"] for each in client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "topic": [each["TopicArn"].rpartition(":")[2] for each in client("sns").list_topics()["Topics"]],
        "rule": [each["Name"] for each in client("events").list_rules()["Rules"]],
        "stack": [each["StackName"] for each in client("cloudformation").describe_stacks()["Stacks"]],
    }
    return found | {f"{kind} {name}": None for kind, names in named.items() for name in names}


def of(stage: str, seen: dict[str, Any]) -> dict[str, Any]:
    """Return what of `everything` is a stage's."""
    return {name: content for name, content in seen.items() if stage in re.split(r"[-_/ ]", name)}


def of_others(stage: str, seen: dict[str, Any]) -> dict[str, Any]:
    """Return what of `everything` is of no stage, or of another one."""
    return {name: content for name, content in seen.items() if name not in of(stage, seen)}


@contextmanager
def neighbour(made: Any, bucket: str) -> Iterator[None]:
    """Have a lakehouse of the stage ``IMPORTAU_BESIDE`` in a deployment's account meanwhile, if there is to be one."""
    if not BESIDE:
        yield
        return
    parameters = {"BucketName": f"{bucket}-{BESIDE}", "Stage": Stage(BESIDE).value}
    sam.deploy(parameters, made.endpoint, made.build, ("--stack-name", f"importau-{BESIDE}"))
    theirs = at(made.endpoint, stage=BESIDE)
    for table in layers.tables_of(layers.BRONZE):
        theirs.s3.upload_file(str(SAMPLE.folder / f"{table}.csv"), theirs.bucket, layout.landing_key(table))
    assert replace(made, outputs=theirs.outputs).run("pipeline", patience=_PATIENCE)["status"] == "SUCCEEDED"
    before = of(BESIDE, everything(made.client))
    assert f"stack importau-{BESIDE}" in before
    yield
    assert of(BESIDE, everything(made.client)) == before, f"something of stage {BESIDE} was touched"
