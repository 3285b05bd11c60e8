"""What is changed behind CloudFormation's back stays named, whatever governance has looked at since."""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from machines import MACHINES, source
from sam_template import ROLE
from simulated_aws import simulated_lake
from small_lake import deploy

from cli import ROOT
from cli.account.template import StackTemplate
from cli.contents.as_deployed import AsDeployed
from cli.contents.authors import Authors
from cli.contents.deployed_code import code
from cli.contents.outcome import Outcome
from cli.session import Aws
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.stepfunctions import StateMachines

pytestmark = pytest.mark.once

BUCKET = "lake"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/importau/0"
PARAMETERS = {
    "ExecutionRoleArn": ROLE,
    "ExistingBucket": BUCKET,
    "LayerSource": "bundled",
    "OpenLineageTransport": "****",
}


class Functions:
    """Lambda, as far as its functions are asked for."""

    class exceptions:  # noqa: N801 - as a client has them
        class ResourceNotFoundException(Exception):  # noqa: N818
            """There is none."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, Any]] = {}

    def get_function(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        if FunctionName not in self.of:
            raise self.exceptions.ResourceNotFoundException
        return {"Configuration": self.of[FunctionName]}


class Deployment:
    """A stack on the simulated AWS, as its template says."""

    def __init__(self, lake: Lake) -> None:
        self.aws, self.lake, self.functions = Aws(boto3.Session(region_name="us-east-1"), "importau"), lake, Functions()
        deploy(self.aws)
        body = json.loads((ROOT / "tests/golden/template.json").read_text("utf-8"))
        self.code = self._zip()
        lake.write_bytes(self.code, "artifacts/importau/code.zip")
        physical = {}
        for name, resource in body["Resources"].items():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Lambda::Function":
                properties["Code"] = {"S3Bucket": BUCKET, "S3Key": "artifacts/importau/code.zip"}
                physical[name] = properties["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", "importau")
            elif resource["Type"] == "AWS::StepFunctions::StateMachine":
                physical[name] = self._machine_arn(properties["StateMachineName"])
                properties["DefinitionS3Location"] = {"Bucket": BUCKET, "Key": self._definition(physical[name])}
            elif resource["Type"] == "AWS::Glue::Database":
                physical[name] = properties["DatabaseInput"]["Name"]["Fn::If"][2]
            elif "Layer" in resource["Type"]:
                physical[name] = f"arn:aws:lambda:us-east-1:123456789012:layer:{name}:1"
        self.body, self.physical = body, physical
        resources = [{"LogicalResourceId": n, "PhysicalResourceId": p} for n, p in physical.items()]
        pages = SimpleNamespace(paginate=lambda **_: [{"StackResourceSummaries": resources}])
        vars(self.aws)["cloudformation"] = SimpleNamespace(
            get_template=lambda **_: {"TemplateBody": body},
            get_paginator=lambda _: pages,
        )
        vars(self.aws)["parameters"] = PARAMETERS
        vars(self.aws)["_deployed"] = {"StackId": STACK}
        self.aws._clients["lambda"] = self.functions
        self.template = StackTemplate(body, PARAMETERS, physical, STACK)
        self._make()

    @staticmethod
    def _zip(text: str = "x = 1") -> bytes:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("a.py", text)
        return content.getvalue()

    @staticmethod
    def _machine_arn(name: Any) -> str:
        return f"arn:aws:states:us-east-1:123456789012:stateMachine:{name['Fn::If'][2]}"

    def _definition(self, arn: str) -> str:
        content = (ROOT / source(arn.rpartition("StateMachine_DAG_")[2])).read_bytes()
        key = f"artifacts/importau/{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
        self.lake.write_bytes(content, key)
        return key

    def _make(self) -> None:
        glue, states, value = self.aws.client("glue"), self.aws.states, self.template.value
        for properties in self.template.resources("AWS::Glue::Database").values():
            glue.create_database(DatabaseInput=value(properties["DatabaseInput"]))
        for properties in self.template.resources("AWS::Glue::Crawler").values():
            glue.create_crawler(**{key: each for key, each in value(properties).items() if key != "Tags"})
        for properties in self.template.resources("AWS::StepFunctions::StateMachine").values():
            place = properties["DefinitionS3Location"]
            text = self.lake.read_bytes(place["Key"]).decode()
            for name, each in properties["DefinitionSubstitutions"].items():
                text = text.replace(f"${{{name}}}", str(value(each)))
            states.create_state_machine(name=value(properties["StateMachineName"]), definition=text, roleArn=ROLE)
        for properties in self.template.resources("AWS::Lambda::Function").values():
            variables = dict(properties["Environment"]["Variables"])
            del variables["OPENLINEAGE__TRANSPORT"]
            self.functions.of[value(properties["FunctionName"])] = {
                **{key: value(properties[key]) for key in ("Handler", "Runtime", "Role")},
                **{key: int(value(properties[key])) for key in ("MemorySize", "Timeout")},
                "Environment": {"Variables": value(variables)},
                "Layers": [{"Arn": arn} for arn in value(properties["Layers"])],
                "CodeSha256": base64.b64encode(hashlib.sha256(self.code).digest()).decode(),
            }

    def checked(self) -> dict[str, Outcome]:
        """Return what each check finds."""
        deployed = AsDeployed.of(self.aws, Authors(self.aws))
        arns = [f"arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_{name}" for name in MACHINES]
        definitions = deployed.definitions(StateMachines(self.aws.states).deployed(arns))
        assert definitions is not None
        return {
            "definitions": definitions, "databases": deployed.databases(), "crawlers": deployed.crawlers(),
            "code": code(deployed),
        }  # fmt: skip

    def redefine(self, old: str, new: str) -> None:
        arn = "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_silver"
        text = self.aws.states.describe_state_machine(stateMachineArn=arn)["definition"]
        assert old in text
        self.aws.states.update_state_machine(stateMachineArn=arn, definition=text.replace(old, new))

    def database(self, **changes: Any) -> None:
        glue = self.aws.client("glue")
        found = glue.get_database(Name="importau_gold")["Database"]
        kept = {key: found[key] for key in ("Name", "Description", "LocationUri") if key in found}
        glue.update_database(Name="importau_gold", DatabaseInput=kept | changes)

    def crawler(self, **changes: Any) -> None:
        glue = self.aws.client("glue")
        given = self.template.value(self.template.resources("AWS::Glue::Crawler")["SilverCrawler"])
        glue.delete_crawler(Name="importau-silver")
        glue.create_crawler(**{key: each for key, each in given.items() if key != "Tags"} | changes)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with simulated_lake(BUCKET) as lake:
        yield Deployment(lake)


def test_what_nobody_touched_is_as_it_was_deployed_and_what_is_not_shown_is_said(deployment: Deployment) -> None:
    found = deployment.checked()
    assert {name: each.wrong for name, each in found.items()} == {name: [] for name in found}
    assert [each.summary for each in found.values()] == ["9 definitions", "6 databases", "4 crawlers", "10 functions"]
    assert found["code"].unchecked == (
        "functions: the variable OPENLINEAGE__TRANSPORT, which the template does not show",
    )


Sabotage = Callable[[Deployment], Any]
SILVER = "StateMachine_DAG_silver"
WHERE = "artifacts/importau/"


def stolen(at: Deployment) -> None:
    (key,) = {
        properties["DefinitionS3Location"]["Key"]
        for properties in at.template.resources("AWS::StepFunctions::StateMachine").values()
        if properties["StateMachineName"]["Fn::If"][2] == "StateMachine_DAG_pipeline"
    }
    at.lake.write_bytes(at.lake.read_bytes(key).replace(b'"Comment"', b'"comment"', 1), key)


CASES: dict[str, tuple[Sabotage, str, str]] = {
    "a task's words": (
        lambda at: at.redefine("Correlaciona as tabelas", "Copia as tabelas"),
        "definitions", f"{SILVER}.States.WriteSilver.Comment: was deployed as 'Correlaciona",
    ),
    "a task is added": (
        lambda at: at.redefine('"States": {', '"States": {"Copia": {"Type": "Pass", "End": true},'),
        "definitions", f"{SILVER}.States.Copia: was deployed as (ausente), is",
    ),
    "a machine is deleted": (
        lambda at: at.aws.states.delete_state_machine(stateMachineArn=at.physical["GoldStateMachine"]),
        "definitions", "StateMachine_DAG_gold: was deployed as",
    ),
    "what was uploaded for a definition": (stolen, "definitions", "was changed: artifacts/importau/"),
    "a database's description": (
        lambda at: at.database(Description="x"),
        "databases", "importau_gold.Description: was deployed as 'Agregados para BI (fluxo de caixa)",
    ),
    "a database's place": (
        lambda at: at.database(LocationUri="s3://other/"),
        "databases", "importau_gold.LocationUri: was deployed as 's3://lake/gold/', is 's3://other/'",
    ),
    "a database is dropped": (
        lambda at: at.aws.client("glue").delete_database(Name="importau_ml"),
        "databases", "importau_ml: the database is gone",
    ),
    "what a crawler looks at": (
        lambda at: at.crawler(Targets={"S3Targets": [{"Path": "s3://elsewhere/", "SampleSize": 1}]}),
        "crawlers", "importau-silver.Targets.S3Targets[0].Path: was deployed as 's3://lake/silver/",
    ),
    "when a crawler runs": (
        lambda at: at.crawler(Schedule="cron(0 * * * ? *)"),
        "crawlers", "importau-silver.Schedule: was deployed as (ausente), is 'cron(0 * * * ? *)'",
    ),
    "how a crawler groups": (
        lambda at: at.crawler(Configuration='{"Version": 1.0}'),
        "crawlers", "importau-silver.Configuration.Grouping: was deployed as",
    ),
    "where a crawler writes": (
        lambda at: at.crawler(DatabaseName="importau_silver"),
        "crawlers", "importau-silver.DatabaseName: was deployed as 'importau_descoberta', is 'importau_silver'",
    ),
    "a crawler is deleted": (
        lambda at: at.aws.client("glue").delete_crawler(Name="importau-gold"),
        "crawlers", "importau-gold: the crawler is gone",
    ),
    "the code of a function": (
        lambda at: at.functions.of["importau-silver"].update(CodeSha256="other"),
        "code", "importau-silver.CodeSha256: was deployed as '",
    ),
    "what a function runs with": (
        lambda at: at.functions.of["importau-gold"]["Environment"]["Variables"].update(LAKE_BUCKET="other"),
        "code", "importau-gold.Environment.LAKE_BUCKET: was deployed as 'lake', is 'other'",
    ),
    "a layer of a function": (
        lambda at: at.functions.of["importau-gold"]["Layers"].pop(),
        "code", "importau-gold.Layers: was deployed as",
    ),
    "a function's handler": (
        lambda at: at.functions.of["importau-publish"].update(Handler="a.b"),
        "code", "importau-publish.Handler: was deployed as 'publish.app.handler', is 'a.b'",
    ),
    "a function is deleted": (
        lambda at: at.functions.of.pop("importau-forecast"), "code", "importau-forecast: the function is gone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sabotage", "check", "said"), CASES.values(), ids=list(CASES))
def test_it_is_named_however_often_it_is_looked_at(
    deployment: Deployment, sabotage: Sabotage, check: str, said: str
) -> None:
    sabotage(deployment)
    for _ in range(2):
        found = deployment.checked()
        assert any(said in each for each in found[check].wrong), found[check]
        assert [name for name, each in found.items() if each.wrong] == [check]


def test_a_secret_of_a_function_is_never_printed(deployment: Deployment) -> None:
    variables = deployment.functions.of["importau-gold"]["Environment"]["Variables"]
    variables["OPENLINEAGE_API_KEY"] = "s3cr3t"
    (wrong,) = deployment.checked()["code"].wrong
    assert re.search(r"OPENLINEAGE_API_KEY: was deployed as \(ausente\), is '\(hidden, [0-9a-f]{8}\)'", wrong)
    assert "s3cr3t" not in wrong


def test_what_may_not_be_read_or_is_gone_is_said_and_fails_nothing(deployment: Deployment) -> None:
    deployment.lake.client.delete_object(Bucket=BUCKET, Key="artifacts/importau/code.zip")
    found = deployment.checked()["code"]
    assert (found.wrong, "functions: the code that was uploaded is gone, or may not be read" in found.unchecked) == (
        [],
        True,
    )
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetTemplate")

    def refuse(**_: Any) -> Any:
        raise denied

    vars(deployment.aws)["cloudformation"] = SimpleNamespace(get_template=refuse)
    deployed = AsDeployed.of(deployment.aws, Authors(deployment.aws))
    assert deployed.definitions([]) is None
    for outcome in (deployed.databases(), deployed.crawlers(), code(deployed)):
        assert outcome == Outcome([], "not compared", ("the stack's template (AccessDenied)",))
