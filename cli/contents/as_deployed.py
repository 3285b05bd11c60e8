"""What the stack's template says beside what there is: state machines, databases, crawlers, and the functions' code.

The template is CloudFormation's own record of what was deployed, whoever deployed it and by which tool. So what is
changed behind its back stays named, however often it is looked at, until it is put back or deployed.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from cli.account.template import StackTemplate, UnknownValueError
from cli.contents.authors import Authors
from cli.contents.outcome import Outcome, permitted
from cli.session import Aws
from cli.terminal import present
from lakehouse.clients import together
from lakehouse.contract.structure import unlike
from lakehouse.lake.catalogue import Catalog
from lakehouse.orchestration.stepfunctions import StateMachine
from lakehouse.stage import NONE

_MACHINE: Final = "AWS::StepFunctions::StateMachine"
_DATABASE: Final = "AWS::Glue::Database"
_CRAWLER: Final = "AWS::Glue::Crawler"
_OF_DATABASE: Final = ("Description", "LocationUri", "Parameters", "TargetDatabase")
_OF_CRAWLER: Final = (
    "Description", "DatabaseName", "Role", "Targets", "Configuration", "SchemaChangePolicy", "RecrawlPolicy",
    "Classifiers", "TablePrefix", "CrawlerSecurityConfiguration", "Schedule",
)  # fmt: skip
# The SAM CLI names what it uploads by the MD5 of its content.
_MD5: Final = re.compile(r"(?:.*/)?(?P<digest>[0-9a-f]{32})(?:\.\w+)?")
_GONE: Final = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
_TEMPLATE: Final = "the stack's template"


class _Comparison(NamedTuple):
    """How resources of a type are compared: in which fields, and in which form a template's properties are."""

    noun: str
    kind: str
    fields: tuple[str, ...]
    of: Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class AsDeployed:
    """A deployed stack, by its template.

    Attributes
    ----------
    aws : Aws
    template : StackTemplate or None
        None where it could not be read.
    authors : Authors
    refused : str
        Why there is none.
    """

    aws: Aws
    template: StackTemplate | None
    authors: Authors
    refused: str = ""
    _artifacts: dict[tuple[str, str], bytes | None] = field(default_factory=dict)

    @classmethod
    def of(cls, aws: Aws, authors: Authors) -> "AsDeployed":
        """Read the template of a stack."""
        template, refused = permitted(_TEMPLATE, lambda: _template(aws), None)
        if template is None and not refused:
            refused = f"{_TEMPLATE}: it has no resources"
        return cls(aws, template, authors, refused)

    def definitions(self, machines: Sequence[StateMachine]) -> Outcome | None:
        """Compare the definitions of state machines with those that were deployed; None where those are unknown.

        Parameters
        ----------
        machines : sequence of StateMachine
            As they are.
        """
        if self.template is None or not self.template.resources(_MACHINE):
            return None
        expected, wrong, unchecked = dict[str, Any](), list[str](), list[str]()
        for logical, properties in self.template.resources(_MACHINE).items():
            try:
                name = str(self.template.value(properties["StateMachineName"]))
                text, problem = self._definition(self.template, properties)
            except UnknownValueError as error:
                unchecked.append(f"the definition of {logical}: its template has {error}")
                continue
            wrong += [f"{name}: {problem}"] if problem else []
            if text is None:
                unchecked.append(f"the definition of {name}: what was deployed is not there any more")
                continue
            expected[name] = json.loads(text)
        if not expected and not wrong:
            return None
        found = {machine.name: machine.definition for machine in machines if machine.name in expected}
        for each in unlike(expected, found):
            who = self.authors.of_machine(each.path.split(".")[0])
            wrong.append(f"{each.said('was deployed as', 'is')}{who}")
        return Outcome(wrong, present.count(len(expected), "definition"), tuple(unchecked))

    def databases(self) -> Outcome:
        """Compare descriptions and places of the databases."""
        pages = self.aws.client("glue").get_paginator("get_databases").paginate

        def listed() -> dict[str, Any]:
            return {each["Name"]: each for page in pages() for each in page["DatabaseList"]}

        found, refused = permitted("databases as they are", listed, None)
        if found is None:
            return nothing(refused)
        return self._compared(
            _Comparison("database", _DATABASE, _OF_DATABASE, lambda each: each["DatabaseInput"]), found
        )

    def crawlers(self) -> Outcome:
        """Compare what the crawlers look at, when, how, and where they write what they find."""
        if self.template is None:
            return nothing(self.refused)
        catalog = Catalog(self.aws.client("glue"), NONE)
        names = [str(self.template.value(each["Name"])) for each in self.template.resources(_CRAWLER).values()]
        found, refused = permitted(
            "crawlers as they are", lambda: dict(zip(names, together(catalog.crawler, names), strict=True)), None
        )
        if found is None:
            return nothing(refused)
        there = {name: _crawler(each) for name, each in found.items() if each is not None}
        return self._compared(_Comparison("crawler", _CRAWLER, _OF_CRAWLER, _crawler), there)

    def _compared(self, comparison: "_Comparison", found: Mapping[str, Mapping[str, Any]]) -> Outcome:
        if self.template is None:
            return nothing(self.refused)
        wrong, unchecked = list[str](), list[str]()
        declared = self.template.resources(comparison.kind)
        for logical, properties in declared.items():
            try:
                expected = comparison.of(self.template.value(properties))
            except UnknownValueError as error:
                unchecked.append(f"{logical}: its template has {error}")
                continue
            name = str(expected["Name"])
            if name not in found:
                wrong.append(f"{name}: the {comparison.noun} is gone")
                continue
            sides = ({key: each[key] for key in comparison.fields if key in each} for each in (expected, found[name]))
            wrong += [each.of(name).said("was deployed as", "is") for each in unlike(*sides)]
        return Outcome(wrong, present.count(len(declared), comparison.noun), tuple(unchecked))

    # ---- what was uploaded -------------------------------------------------------------------------------------------

    def _definition(self, template: StackTemplate, properties: Mapping[str, Any]) -> tuple[str | None, str]:
        """Return the text of a definition with its substitutions, None where it is gone; and what is wrong with it."""
        if "DefinitionString" in properties:
            text, problem = str(template.value(properties["DefinitionString"])), ""
        else:
            place = template.value(properties["DefinitionS3Location"])
            content = self.uploaded(place["Bucket"], place["Key"])
            if content is None:
                return None, ""
            text, problem = content.decode(), _altered(place["Key"], content)
        for name, value in properties.get("DefinitionSubstitutions", {}).items():
            text = text.replace(f"${{{name}}}", str(template.value(value)))
        return text, problem

    def uploaded(self, bucket: str, key: str) -> bytes | None:
        """Return what was uploaded for a deployment; None where it is gone, or may not be read."""
        if (bucket, key) not in self._artifacts:
            self._artifacts[bucket, key] = self._read(bucket, key)
        return self._artifacts[bucket, key]

    def _read(self, bucket: str, key: str) -> bytes | None:
        def read() -> bytes | None:
            try:
                return bytes(self.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] in _GONE:
                    return None
                raise

        return permitted(key, read, None)[0]


def _template(aws: Aws) -> StackTemplate | None:
    """Return the template of a stack; None where it makes nothing that is compared."""
    if not aws.known_parameters:
        return None
    answer = aws.cloudformation.get_template(StackName=aws.stack, TemplateStage="Processed")["TemplateBody"]
    # Text is what no transform has gone through: it is none of this project's.
    body: Mapping[str, Any] = {} if isinstance(answer, str) else answer
    if not any(each["Type"] == _MACHINE for each in body.get("Resources", {}).values()):
        return None
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=aws.stack)
    resources = (each for page in pages for each in page["StackResourceSummaries"])
    physical = {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in resources}
    return StackTemplate(body, aws.known_parameters, physical, aws.stack_id)


def _crawler(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a crawler's settings in one form: Glue gives a role back by its name, and a schedule with its state."""
    return {
        **properties,
        "Role": str(properties.get("Role", "")).rpartition("/")[2],
        "Configuration": json.loads(properties.get("Configuration") or "null"),
        "Schedule": (properties.get("Schedule") or {}).get("ScheduleExpression"),
    }


def _altered(key: str, content: bytes) -> str:
    match = _MD5.fullmatch(key)
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if match is None or match["digest"] == digest:
        return ""
    return f"what was uploaded for its deployment was changed: {key} has the MD5 {digest}"


def nothing(refused: str) -> Outcome:
    """Return that nothing was compared, and why."""
    return Outcome([], "not compared", (refused,))
