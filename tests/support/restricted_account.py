"""An AWS account as a Learner Lab has it: nobody may make roles, and LabRole runs everything; IAM is enforced."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import boto3
import strangers
from working_copy import working_copy

from cli.account.permissions import Place, policy
from cli.embedded.endpoint import ACCOUNT, REGION, Endpoint
from cli.embedded.server import EmbeddedAws

SESSION = "user1234567=Nome_Sobrenome"
USER_ROLE, EXECUTION_ROLE = "voclabs", "LabRole"
PLACE = Place(
    "aws", REGION, ACCOUNT, "importau-lakehouse-nome-sobrenome", "importau",
    f"arn:aws:iam::{ACCOUNT}:role/{EXECUTION_ROLE}", f"arn:aws:iam::{ACCOUNT}:role/{USER_ROLE}",
)  # fmt: skip
FORBIDDEN = ("iam:Create*", "iam:Put*", "iam:Attach*", "lakeformation:*", "datazone:*")
# AWS asks for these on the resource that the least policy names; the embedded AWS asks for them on "*".
ASKED_ON_ANYTHING: dict[str, tuple[str, ...]] = {
    "user": (
        "cloudformation:DeleteChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet",
        "iam:SimulatePrincipalPolicy", "glue:GetCrawler", "glue:GetDatabase", "ssm:GetParameters",
        "athena:GetQueryExecution", "athena:GetQueryResults", "glue:DeleteDatabase",
    ),
    "role": ("glue:GetCrawler",),
}  # fmt: skip
# Layers of another account, which the embedded AWS takes as empty: its Lambdas find their packages installed.
LAYERS = (
    "--parameter", f"PandasLayerArn=arn:aws:lambda:{REGION}:336392948345:layer:AWSSDKPandas-Python311:1",
    "--parameter", f"PowertoolsLayerArn=arn:aws:lambda:{REGION}:017000801446:layer:AWSLambdaPowertoolsPythonV3:1",
)  # fmt: skip


class RestrictedAws(EmbeddedAws):
    """An embedded AWS that enforces IAM and records every call."""

    program: ClassVar[tuple[str, ...]] = (str(Path(__file__).with_name("recording_server.py")),)

    def __init__(self, home: Path) -> None:
        super().__init__(home, enforce_iam=True)

    def calls(self) -> list[dict[str, Any]]:
        """Return every call so far."""
        return [json.loads(line) for line in self._calls.read_text().splitlines()]

    @property
    def _calls(self) -> Path:
        return self.home / "calls.jsonl"

    def _server_environment(self, port: int) -> dict[str, str]:
        return super()._server_environment(port) | {"IMPORTAU_RECORDED_CALLS": str(self._calls)}


@dataclass(frozen=True)
class Ran:
    """How a command of the CLI ended.

    Attributes
    ----------
    code : int
    out, err : str
    """

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Account:
    """The account, its user, and a checkout of the project to work in.

    Attributes
    ----------
    endpoint : Endpoint
    server : RestrictedAws
    checkout : Path
    """

    endpoint: Endpoint
    server: RestrictedAws
    checkout: Path

    def client(self, service: str) -> Any:
        """Return a client of the account's owner, who may do everything."""
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint.url)

    def importau(self, *arguments: str) -> Ran:
        """Run `./importau` as the user."""
        process = subprocess.run(
            ["./importau", *arguments],
            cwd=self.checkout, env=self._environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        return Ran(process.returncode, process.stdout, process.stderr)

    def denied(self, role: str, *actions: str) -> AbstractContextManager[None]:
        """Deny a role some actions for the length of a block."""
        return self._with(role, "Deny", actions)

    def allowed(self, role: str, *actions: str) -> AbstractContextManager[None]:
        """Allow a role some actions for the length of a block."""
        return self._with(role, "Allow", actions)

    @contextmanager
    def _with(self, role: str, effect: str, actions: Any) -> Iterator[None]:
        iam = self.client("iam")
        iam.put_role_policy(RoleName=role, PolicyName=effect, PolicyDocument=_document(effect, actions))
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName=effect)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        credentials = self.endpoint.environment()
        return kept | credentials | session(self.endpoint)


@contextmanager
def restricted_account(home: Path) -> Iterator[Account]:
    """Start an embedded AWS with a Learner Lab's roles, which may do what the least policies say and no more.

    Another team is in the account, too: everything on what it has is denied.
    """
    server = RestrictedAws(home / "aws")
    with server as endpoint:
        account = Account(endpoint, server, _checkout(home / "checkout"))
        iam = account.client("iam")
        for name, holder, trusted in (
            (EXECUTION_ROLE, "role", {"Service": [f"{each}.amazonaws.com" for each in ("lambda", "states", "glue")]}),
            (USER_ROLE, "user", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        ):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document("Allow", ["sts:AssumeRole"], trusted))
            least = json.dumps(policy(holder, PLACE))  # type: ignore[arg-type]
            iam.put_role_policy(RoleName=name, PolicyName="least", PolicyDocument=least)
            if ASKED_ON_ANYTHING[holder]:  # no action at all would be any action for the embedded AWS
                wider = _document("Allow", ASKED_ON_ANYTHING[holder])
                iam.put_role_policy(RoleName=name, PolicyName="of-the-embedded-aws", PolicyDocument=wider)
            iam.put_role_policy(RoleName=name, PolicyName="not-ours", PolicyDocument=_statements(strangers.keep_out()))
        iam.put_role_policy(RoleName=USER_ROLE, PolicyName="learner-lab", PolicyDocument=_document("Deny", FORBIDDEN))
        strangers.settle(account.client)
        yield account


def session(endpoint: Endpoint) -> dict[str, str]:
    """Return credentials as a lab hands them out: a session of the user's role."""
    root = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
    iam = root.client("iam", endpoint_url=endpoint.url)
    if not iam.list_users()["Users"]:  # the account's owner may not assume roles, but a user may
        iam.create_user(UserName="vocareum")
        iam.put_user_policy(
            UserName="vocareum", PolicyName="lab", PolicyDocument=_document("Allow", ["sts:AssumeRole"])
        )
    key = iam.create_access_key(UserName="vocareum")["AccessKey"]
    lab = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    session = lab.client("sts", endpoint_url=endpoint.url).assume_role(RoleArn=PLACE.caller, RoleSessionName=SESSION)
    iam.delete_access_key(UserName="vocareum", AccessKeyId=key["AccessKeyId"])
    credentials = session["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def _checkout(folder: Path) -> Path:
    """Copy the project, so that `sam build` leaves the real `.aws-sam` alone; the environments are shared."""
    config = working_copy(folder) / "samconfig.toml"
    heading = "[default.build.parameters]\n"
    # It would need a package index; the embedded AWS's Lambdas hold what is in it.
    text = config.read_text().replace(heading, f'{heading}exclude = ["DependenciesLayer"]\n')
    config.write_text(text)
    return folder


def _document(effect: str, actions: Any, principal: dict[str, Any] | None = None) -> str:
    whom: dict[str, Any] = {"Resource": "*"} if principal is None else {"Principal": principal}
    return _statements({"Effect": effect, "Action": list(actions), **whom})


def _statements(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
