"""Deployments and runs with a right missing, for real, without the command line: as little as shows if they fail."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from removed_rights import ROLES
from restricted_account import ASKED_ON_ANYTHING, LAYERS, PLACE, Account, session

from cli.account.permissions import Permission, policy
from cli.building import sam
from cli.embedded.endpoint import REGION
from cli.preflight.intent import Stops
from lakehouse.contract.layers import BRONZE, tables_of
from lakehouse.lake import layout

_PATIENCE: Final = 300.0
_OF_EMBEDDED: Final = "of-the-embedded-aws"
_PARAMETERS: Final = {
    "ExecutionRoleArn": PLACE.role,
    "ExistingBucket": PLACE.bucket,
    **dict(each.split("=", 1) for each in LAYERS if "=" in each),
}


@dataclass(frozen=True)
class Workbench:
    """An account in which the lakehouse is built and uploaded, and may be deployed and run again and again.

    Attributes
    ----------
    account : Account
    template : str
        The key at which `sam` uploads it for CloudFormation.
    """

    account: Account
    template: str

    def deploy(self) -> str:
        """Make the stack as the user; return why that failed, empty where it did not."""
        client = self._as_user("cloudformation")
        name = PLACE.stack
        try:
            client.create_change_set(
                StackName=name, ChangeSetName="first", ChangeSetType="CREATE", TemplateURL=f"https://s3.{REGION}.amazonaws.com/{PLACE.bucket}/{self.template}",
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in _PARAMETERS.items()],
                Capabilities=["CAPABILITY_AUTO_EXPAND"],
            )  # fmt: skip
            self._until(lambda: self._change_set() in ("CREATE_COMPLETE", "FAILED"))
            client.execute_change_set(StackName=name, ChangeSetName="first")
        except client.exceptions.ClientError as error:
            return str(error)
        self._until(lambda: not self._stack()["StackStatus"].endswith("_IN_PROGRESS"))
        if self._stack()["StackStatus"] == "CREATE_COMPLETE":
            return ""
        events = self.account.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
        return next(each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED")

    def forget(self) -> None:
        """Delete the stack, as the account's owner."""
        cloudformation = self.account.client("cloudformation")
        cloudformation.delete_stack(StackName=PLACE.stack)
        self._until(lambda: not self._stacks() or self._stack()["StackStatus"] == "REVIEW_IN_PROGRESS")

    def run(self) -> str:
        """Run the pipeline with the execution role's rights; return why it failed, empty where it did not."""
        states = self.account.client("stepfunctions")
        arn = f"arn:aws:states:{REGION}:{PLACE.account}:stateMachine:StateMachine_DAG_pipeline"
        given = json.dumps({"source": {"type": "csv"}, "force": True})
        execution = states.start_execution(stateMachineArn=arn, input=given)["executionArn"]
        self._until(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING")
        described = states.describe_execution(executionArn=execution)
        if described["status"] == "SUCCEEDED":
            return ""
        why = str(described.get("cause") or described["status"])
        crawlers = re.findall(r"The crawler (\S+) ended with FAILED", why)
        # AWS writes it into the crawlers' log group, too.
        told = [self.account.client("glue").get_crawler(Name=name)["Crawler"]["LastCrawl"] for name in crawlers]
        return "\n".join([why, *(str(each.get("ErrorMessage")) for each in told)])

    @contextmanager
    def without(self, right: Permission | None) -> Iterator[None]:
        """Take a right from its holder's policies for the length of a block."""
        for holder, role in ROLES.items():
            self._grant(role, holder, right if right is not None and right.holder == holder else None)
        try:
            yield
        finally:
            for holder, role in ROLES.items():
                self._grant(role, holder, None)

    def outcome(self, right: Permission) -> tuple[Stops, str]:
        """Return what fails without a right, and why: a deployment, or a run of what was deployed with it."""
        of_deployment = right.holder == "user" or "deploy" in right.need.needed_by
        if of_deployment:
            self.forget()
            with self.without(right):
                why = self.deploy()
            if why:
                return "deploy", why
            if right.holder == "user":
                return "", ""
        if not self._stacks() or self._stack()["StackStatus"] != "CREATE_COMPLETE":
            self.forget()
            failed = self.deploy()
            assert failed == "", failed
        self._forget_runs()
        with self.without(right):
            why = self.run()
        return ("run", why) if why else ("", "")

    def _forget_runs(self) -> None:
        """Delete what earlier runs left, as the account's owner: a first run makes the tables, and crawls."""
        s3, glue = self.account.client("s3"), self.account.client("glue")
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=PLACE.bucket)
        for page in pages:
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                if not each["Key"].startswith((layout.LANDING_PREFIX, layout.ARTIFACTS_PREFIX)):
                    s3.delete_object(Bucket=PLACE.bucket, Key=each["Key"], VersionId=each["VersionId"])
        databases = [layout.GOVERNANCE_DATABASE, layout.DISCOVERED_DATABASE, *map(layout.database_of, layout.LAYERS)]
        for database in databases:
            for table in glue.get_tables(DatabaseName=database)["TableList"]:
                glue.delete_table(DatabaseName=database, Name=table["Name"])

    def _grant(self, role: str, holder: Any, missing: Permission | None) -> None:
        iam, taken = self.account.client("iam"), () if missing is None else (missing,)
        least = json.dumps(policy(holder, PLACE, without=taken))
        iam.put_role_policy(RoleName=role, PolicyName="least", PolicyDocument=least)
        actions = [each for each in ASKED_ON_ANYTHING[holder] if missing is None or each != missing.action]
        if actions:  # no action at all would be any action for the embedded AWS
            wider = {"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
            iam.put_role_policy(RoleName=role, PolicyName=_OF_EMBEDDED, PolicyDocument=json.dumps(wider))
        elif _OF_EMBEDDED in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=_OF_EMBEDDED)

    def _as_user(self, service: str) -> Any:
        given = session(self.account.endpoint)
        user = boto3.session.Session(
            given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], given["AWS_SESSION_TOKEN"], region_name=REGION
        )
        return user.client(service, endpoint_url=self.account.endpoint.url)

    def _change_set(self) -> str:
        described = self.account.client("cloudformation").describe_change_set(
            StackName=PLACE.stack, ChangeSetName="first"
        )
        status: str = described["Status"]
        return status

    def _stacks(self) -> list[dict[str, Any]]:
        stacks = self.account.client("cloudformation").describe_stacks()["Stacks"]
        return [
            each for each in stacks if each["StackName"] == PLACE.stack and each["StackStatus"] != "DELETE_COMPLETE"
        ]

    def _stack(self) -> dict[str, Any]:
        (stack,) = self._stacks()
        return stack

    def _until(self, done: Any) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not done():
            assert time.monotonic() < deadline, f"it did not come about within {_PATIENCE:.0f} s"
            time.sleep(0.2)


def workbench(account: Account, csv_dir: Path, home: Path) -> Workbench:
    """Build and upload the lakehouse, and its CSVs, as the account's owner."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket=PLACE.bucket)
    s3.put_bucket_versioning(Bucket=PLACE.bucket, VersioningConfiguration={"Status": "Enabled"})
    for table in tables_of(BRONZE):
        content = (csv_dir / f"{table}.csv").read_bytes()
        s3.put_object(Bucket=PLACE.bucket, Key=layout.landing_key(table), Body=content)
    build, prefix = home / "build", layout.artifacts_prefix(PLACE.stack).rstrip("/")
    sam.build(account.endpoint, build)
    sam.change_set(PLACE.stack, _PARAMETERS, (PLACE.bucket, prefix), account.endpoint, build)
    (key,) = [
        each["Key"]
        for each in s3.list_objects_v2(Bucket=PLACE.bucket, Prefix=prefix)["Contents"]
        if each["Key"].endswith(".template")
    ]
    made = Workbench(account, key)
    made.forget()
    return made
