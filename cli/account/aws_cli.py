"""The AWS CLI, which `check`, `bucket` and `deploy` talk through, so that they can show what they do.

It is the locked one of `.venv-sam`: the same output and the same messages on every machine.
"""

import json
import os
import re
import shlex
import subprocess
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSLError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from cli import ROOT
from cli.embedded.endpoint import REGION, Endpoint
from cli.errors import CliError
from cli.terminal import present

_PROCESS: Final = (str(ROOT / ".venv-sam/bin/python"), str(Path(__file__).with_name("aws_process.py")))
# A wrong region or a blocked network shows within seconds; a person would not type these options.
_PATIENCE: Final = ("--cli-connect-timeout", "10", "--cli-read-timeout", "60")
_ENVIRONMENT: Final = {
    "AWS_DEFAULT_OUTPUT": "json",
    "AWS_PAGER": "",
    "AWS_MAX_ATTEMPTS": "3",
    "AWS_RETRY_MODE": "standard",
    "PYTHONUTF8": "1",
}
_ANSWER: Final = re.compile(
    r"An error occurred \((?P<code>[^)]*)\) when calling the (?P<operation>\w+) operation(?: \([^)]*\))?: ?"
    r"(?P<message>.*)",
    re.S,
)
# The AWS CLI's messages when it got no answer, and botocore's error with the same meaning.
_UNANSWERED: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], BotoCoreError]], ...]] = (
    (re.compile(r"Unable to locate credentials"), lambda _: NoCredentialsError()),
    (
        re.compile(r"Partial credentials found in (\S+), missing: (\S+)"),
        lambda m: PartialCredentialsError(provider=m[1], cred_var=m[2]),
    ),
    (re.compile(r"The config profile \((.*)\) could not be found"), lambda m: ProfileNotFound(profile=m[1])),
    (re.compile(r"You must specify a region"), lambda _: NoRegionError()),
    (re.compile(r"Error loading SSO Token: (.*)"), lambda m: SSOTokenLoadError(error_msg=m[1])),
    (re.compile(r"SSO session associated with this profile"), lambda _: UnauthorizedSSOTokenError()),
    (
        re.compile(r"Error when retrieving token from (\S+): (.*)"),
        lambda m: TokenRetrievalError(provider=m[1], error_msg=m[2]),
    ),
    (re.compile(r"SSL validation failed for (\S+) (.*)"), lambda m: SSLError(endpoint_url=m[1], error=OSError(m[2]))),
    (re.compile(r'proxy URL: "?([^"\s]+)'), lambda m: ProxyConnectionError(proxy_url=m[1])),
    (re.compile(r'endpoint URL: "?([^"\s]+)'), lambda m: EndpointConnectionError(endpoint_url=m[1])),
)


@dataclass(frozen=True)
class AwsCli:
    """How the AWS CLI is called: for which account, and whether its commands are shown.

    Attributes
    ----------
    profile, region : str, optional
        What the user named; the AWS CLI's own configuration otherwise.
    endpoint : Endpoint, optional
        The embedded AWS instead of AWS.
    show_commands : bool
        Whether each command is printed to standard error, as a person could run it.
    """

    profile: str | None = None
    region: str | None = None
    endpoint: Endpoint | None = None
    show_commands: bool = False

    def run(self, *arguments: str) -> Any:
        """Run ``aws <arguments>`` and return what it printed, parsed; None when it printed nothing.

        Raises
        ------
        ClientError
            AWS refused: the error is as boto3 raises it, with its code, and `cli.errors.explain` knows it.
        BotoCoreError
            AWS was not reached: no credentials, no region, an unknown profile, an expired session, no network.
        CliError
            The AWS CLI itself failed.
        """
        if self.show_commands:
            present.say(f"$ {self.command(*arguments)}")
        code, printed, stderr = self._answer([*arguments, *self._where(), *_PATIENCE])
        if code:
            raise _error(arguments, stderr)
        return json.loads(printed) if printed.strip() else None

    def command(self, *arguments: str) -> str:
        """Return a command as a person could run it."""
        return shlex.join(["aws", *arguments, *self._where()])

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment that its commands, and those of other tools for the same account, run with."""
        inherited = dict(os.environ) if self.endpoint is None else self.endpoint.process_environment()
        return inherited | _ENVIRONMENT

    @cached_property
    def region_in_use(self) -> str:
        """The region that commands go to; `NoRegionError` when none is set anywhere."""
        if self.endpoint is not None:
            return REGION
        if self.region:
            return self.region
        profile = ["--profile", self.profile] if self.profile else []
        _, printed, _ = self._answer(["configure", "get", "region", *profile])
        configured = self.environment.get("AWS_DEFAULT_REGION") or printed.strip()
        if not configured:
            raise NoRegionError
        return configured

    @cached_property
    def version(self) -> str:
        """The AWS CLI's version, such as ``1.46.3``."""
        _, printed, _ = self._answer(["--version"])
        return printed.partition(" ")[0].removeprefix("aws-cli/").strip()

    def _answer(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        """Return a command's exit code, and what it printed to standard output and error."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None  # noqa: S101 - both are pipes
        assert answers is not None  # noqa: S101
        try:
            requests.write(json.dumps(arguments) + "\n")
            requests.flush()
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise CliError(f"the AWS CLI ended while it ran `aws {' '.join(arguments[:2])}`")
        code, printed, stderr = json.loads(line)
        return code, printed, stderr

    @cached_property
    def _process(self) -> "subprocess.Popen[str]":
        """The AWS CLI, waiting for commands; it ends with this object."""
        process = subprocess.Popen(
            _PROCESS,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for us to unwind
        )
        weakref.finalize(self, _end, process)
        return process

    def _where(self) -> list[str]:
        if self.endpoint is not None:
            return ["--region", REGION, "--endpoint-url", self.endpoint.url]
        region = ["--region", self.region] if self.region else []
        return region + (["--profile", self.profile] if self.profile else [])


def answer_in(stderr: str) -> ClientError | None:
    """Return AWS's refusal in the output of the AWS CLI or the SAM CLI, as boto3 raises it; None without one."""
    answer = _ANSWER.search(stderr)
    if answer is None:
        return None
    error = {"Code": answer["code"], "Message": answer["message"].strip()}
    return ClientError({"Error": error}, answer["operation"])  # type: ignore[typeddict-item]


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what it has not read before it ended
                pipe.close()


def _error(arguments: tuple[str, ...], stderr: str) -> Exception:
    """Return the AWS CLI's standard error as the exception that boto3 would have raised."""
    answer = answer_in(stderr)
    if answer is not None:
        return answer
    for pattern, make in _UNANSWERED:
        match = pattern.search(stderr)
        if match is not None:
            return make(match)
    lines = [line for line in stderr.splitlines() if line.strip()] or ["it said nothing"]
    return CliError(f"`aws {' '.join(arguments[:2])}` failed: {lines[-1]}")
