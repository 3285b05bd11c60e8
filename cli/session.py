"""How a command calls AWS: with one boto3 session and, for the embedded AWS, an endpoint. Nothing else differs."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from cli import ROOT
from cli.account.aws_cli import AwsCli
from cli.embedded.endpoint import ACCOUNT, REGION, Endpoint
from cli.embedded.server import EmbeddedAws
from cli.errors import CliError, NotDeployedError
from lakehouse.stage import NONE, staged

# boto3 takes a third of a second to load: it is imported with the first session, not for a command's help.
if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_stepfunctions.client import SFNClient

# By name: botocore's key in the configuration file, its environment variable, the default, the conversion.
_WITHOUT_PROFILE: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_GONE: Final = frozenset({"DELETE_COMPLETE", "DELETE_IN_PROGRESS", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"})


@dataclass(frozen=True)
class Aws:
    """Where the lakehouse is: an account and region (the session), an endpoint, and the name of its stack.

    Attributes
    ----------
    session : boto3.Session
    stack : str
        The name of the CloudFormation stack.
    endpoint : str, optional
        None for AWS itself; the URL of the embedded AWS otherwise.
    named_stage : str or None
        The stage that was named; None where none was, and the stack alone says which it is of.
    """

    session: "boto3.Session"
    stack: str
    endpoint: str | None = None
    named_stage: str | None = None
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _making: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @cached_property
    def s3(self) -> "S3Client":
        """The S3 client."""
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def states(self) -> "SFNClient":
        """The Step Functions client."""
        client: SFNClient = self.client("stepfunctions")
        return client

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """The CloudFormation client."""
        client: CloudFormationClient = self.client("cloudformation")
        return client

    def client(self, service: str) -> Any:
        """Return the boto3 client of any service; it is made once."""
        with self._making:
            if service not in self._clients:
                config = _config(service, loopback=self.endpoint is not None)
                self._clients[service] = self.session.client(  # type: ignore[call-overload]
                    service, endpoint_url=self.endpoint, config=config
                )
            return self._clients[service]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name; `NotDeployedError` when there is no such stack."""
        return {output["OutputKey"]: output["OutputValue"] for output in self._deployed.get("Outputs", ())}

    @cached_property
    def _deployed(self) -> "StackTypeDef":
        """The stack as CloudFormation describes it."""
        from botocore.exceptions import ClientError

        try:
            stacks = self.cloudformation.describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
                raise self._not_deployed() from error
            raise
        if not stacks or stacks[0]["StackStatus"] in _GONE:
            raise self._not_deployed()
        from cli.account.stack import stage_of

        stage_of(self.stack, stacks[0], self.named_stage)
        return stacks[0]

    @property
    def stage(self) -> str:
        """The stage that the stack is of; the empty one, `lakehouse.stage.NONE`, where it is of none."""
        from cli.account.stack import STAGE

        return self.known_parameters.get(STAGE, self.named_stage or NONE)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of template.yaml with which the stack was deployed; `NotDeployedError` when there is none."""
        from cli.account.stack import parameters_of

        return parameters_of(self._deployed)

    @property
    def known_parameters(self) -> dict[str, str]:
        """The same, where its outputs were read from the stack; otherwise nothing."""
        return self.parameters if self.outputs and "_deployed" in vars(self) else {}

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        return self._deployed["StackId"]

    def parameter(self, name: str) -> str:
        """Return the value of a parameter of template.yaml with which the stack was deployed."""
        return self._known(self.parameters, "parameter", name)

    def output(self, name: str) -> str:
        """Return one output of the stack; raise `NotDeployedError` when the stack does not have it."""
        return self._known(self.outputs, "output", name)

    def _known(self, values: Mapping[str, str], what: str, name: str) -> str:
        if name not in values:
            raise NotDeployedError(
                f"the stack {self.stack} has no {what} {name}: it was deployed from another version of template.yaml",
                "Deploy it again: `./importau deploy`.",
            )
        return values[name]

    @property
    def bucket(self) -> str:
        """The lakehouse's bucket."""
        return self.output("BucketName")

    def state_machine(self, name: str) -> str:
        """Return the ARN of ``StateMachine_DAG_<name>``."""
        return self.output(f"StateMachine{name.title().replace('_', '')}Arn")

    def uri(self, key: str) -> str:
        """Return ``s3://bucket/key``."""
        return f"s3://{self.bucket}/{key}"

    def _not_deployed(self) -> NotDeployedError:
        if self.endpoint is not None:
            return NotDeployedError(
                f"the stack {self.stack} is not deployed on the embedded AWS",
                "Deploy it (`./importau deploy --local`, scripts/04-deploy.sh), or deploy it and run it all: "
                "`./importau demo`.",
            )
        return NotDeployedError(
            f"the stack {self.stack} is not deployed in {self.session.region_name}",
            "Deploy it (`./importau deploy`, scripts/04-deploy.sh), name the right one (--stack, --region, --profile), "
            "or use the embedded AWS (--local).",
        )


def _config(service: str, *, loopback: bool) -> "Config":
    from botocore.config import Config

    from lakehouse.clients import AT_ONCE

    config = Config(connect_timeout=5, retries={"mode": "standard", "max_attempts": 4}, max_pool_connections=AT_ONCE)
    if service == "s3":
        # botocore signs a link of us-east-1 by version 2, which buckets made since June 2020 refuse.
        config = config.merge(Config(signature_version="s3v4"))
    # A proxy from the environment must not come between us and the loopback interface.
    return config.merge(Config(proxies={})) if loopback else config


def embedded_aws() -> EmbeddedAws:
    """Return this repository's embedded AWS, running or not; IMPORTAU_HOME puts its state elsewhere."""
    return EmbeddedAws(Path(os.environ.get("IMPORTAU_HOME", ROOT / ".importau")) / "aws")


def connect(local: bool, stack: str | None, region: str | None, profile: str | None, stage: str | None = None) -> Aws:
    """Return the lakehouse that a command's options name.

    Parameters
    ----------
    local : bool
        The embedded AWS instead of AWS; ``region`` and ``profile`` are for AWS only.
    stack, region, profile : str or None
        The user's choice; samconfig.toml and boto3 have the defaults.
    stage : str, optional
        The user's choice; without one that of the stack, and the stack of no stage.

    Raises
    ------
    CliError
        The embedded AWS is named and does not run.
    """
    import boto3

    if not local:
        session = boto3.Session(profile_name=profile, region_name=region)
        return Aws(session, stack or default_stack("default", stage), named_stage=stage)
    return at(_embedded(), stack, stage)


def account(local: bool, region: str | None, profile: str | None, show_commands: bool) -> AwsCli:
    """Return the AWS CLI for the account that a command's options name; raise `CliError` as `connect` does."""
    if not local:
        return AwsCli(profile, region, show_commands=show_commands)
    return AwsCli(endpoint=_embedded(), show_commands=show_commands)


def _embedded() -> Endpoint:
    endpoint = embedded_aws().status()
    if endpoint is None:
        raise CliError("the embedded AWS is not running", "Start it: `./importau local up`.")
    return endpoint


def at(endpoint: Endpoint, stack: str | None = None, stage: str | None = None) -> Aws:
    """Return the lakehouse on a running embedded AWS, whatever the user's AWS profile."""
    import boto3
    import botocore.session

    session = boto3.Session(
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",  # noqa: S106 - the embedded AWS takes any
        region_name=REGION,
        botocore_session=botocore.session.Session(session_vars=_WITHOUT_PROFILE),
    )
    return Aws(session, stack or default_stack("local", stage), endpoint.url, stage)


def default_stack(environment: str, stage: str | None = None) -> str:
    """Return the stack name of an environment of samconfig.toml, which ``sam deploy`` uses, in a stage."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    name: str = config[environment]["deploy"]["parameters"]["stack_name"]
    return staged(name, stage or NONE)
