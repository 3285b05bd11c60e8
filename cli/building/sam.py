"""Builds and deploys with the SAM CLI, which lives in an environment of its own (`.venv-sam`)."""

import os
import re
import shutil
import subprocess
import tomllib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

from cli import ROOT
from cli.account.aws_cli import answer_in
from cli.embedded.endpoint import Endpoint
from cli.errors import CliError

Progress = Callable[[str], None]
ConfigEnv = Literal["default", "local"]
_SAM: Final = ROOT / ".venv-sam/bin/sam"
_CONFIG: Final = ROOT / "samconfig.toml"
_TAIL_LINES: Final = 25
_CHANGE_SET: Final = re.compile(r"arn:aws[a-z-]*:cloudformation:\S+:changeSet/\S+")


class SamError(CliError):
    """The SAM CLI failed; the message ends with the end of its output."""


def version() -> str:
    """Return the SAM CLI's version, such as ``1.170.0``."""
    packages = [str(folder) for folder in _SAM.parent.parent.glob("lib/python*/site-packages")]
    (package,) = metadata.distributions(name="aws-sam-cli", path=packages)
    return package.version


def build(
    endpoint: Endpoint | None = None,
    build_dir: Path | None = None,
    progress: Progress | None = None,
    parameters: Mapping[str, str] | None = None,
) -> None:
    """Run ``sam build``.

    Parameters
    ----------
    endpoint : Endpoint, optional
        The embedded AWS to build for; an AWS account by default.
    build_dir : Path, optional
        Where the result goes; ``.aws-sam/build`` by default.
    progress : callable, optional
        Called with every line of output.
    parameters : mapping of str to str, optional
        The stack's parameters that say what the layers are built for: PythonVersion, Architecture, LayerSource.

    Raises
    ------
    ClientError
        AWS refused something.
    CliError
        There is no `make`, which SAM needs to build the layer for an account.
    SamError
        It failed for another reason.
    """
    if endpoint is None and shutil.which("make") is None:
        raise CliError(
            "`make` was not found, with which SAM builds the layer of dependencies",
            "Install it: apt install make, dnf install make, or xcode-select --install on macOS.",
        )
    where = [] if build_dir is None else ["--build-dir", str(build_dir), "--cache-dir", str(build_dir.parent / "cache")]
    overrides = [f"{name}={value}" for name, value in (parameters or {}).items()]
    _run("build", [*where, *(["--parameter-overrides", *overrides] if overrides else [])], endpoint, progress)


def deploy(
    parameters: Mapping[str, str],
    endpoint: Endpoint | None = None,
    build_dir: Path | None = None,
    options: Sequence[str] = (),
    progress: Progress | None = None,
) -> None:
    """Run ``sam deploy`` on what was built.

    Parameters
    ----------
    parameters : mapping of str to str
        Parameters of template.yaml; they are added to those of samconfig.toml and win over them.
    endpoint, build_dir, progress
        As for `build`.
    options : sequence of str
        Further options of ``sam deploy``, such as ``--region`` or ``--profile``.

    Raises
    ------
    ClientError
        AWS refused something.
    SamError
        It failed for another reason.
    """
    configured = _deploy_configuration(_config_env(endpoint))
    arguments = [*options, *_overridden(parameters, endpoint)]
    if build_dir is not None:
        arguments = ["--template-file", str(build_dir / "template.yaml"), *arguments]
    if endpoint is not None:
        # On an account `resolve_s3` provides a bucket; for the embedded AWS we make one, which is faster.
        endpoint.make_bucket(configured["s3_bucket"])
    _run("deploy", arguments, endpoint, progress)


def change_set(  # noqa: PLR0913 - what `deploy` takes, and more
    stack: str,
    parameters: Mapping[str, str],
    artifacts: tuple[str, str],
    endpoint: Endpoint | None = None,
    build_dir: Path | None = None,
    options: Sequence[str] = (),
    *,
    tags: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> str | None:
    """Upload what was built, and create a change set from it without executing it.

    Parameters
    ----------
    stack : str
    parameters : mapping of str to str
        As for `deploy`.
    artifacts : tuple of str
        The bucket and the prefix that the code is uploaded to.
    endpoint, build_dir, options, progress
        As for `deploy`.
    tags : mapping of str to str, optional
        Of the stack, which CloudFormation hands on to all in it; those of samconfig.toml by default.

    Returns
    -------
    str or None
        The change set's ARN; None when the stack is up to date.

    Raises
    ------
    ClientError
        AWS refused something.
    SamError
        It failed for another reason.
    """
    bucket, prefix = artifacts
    where = ["--stack-name", stack, "--no-resolve-s3", "--s3-bucket", bucket, "--s3-prefix", prefix]
    arguments = [*where, "--no-execute-changeset", *options, *_overridden(parameters, endpoint)]
    if build_dir is not None:
        arguments = ["--template-file", str(build_dir / "template.yaml"), *arguments]
    if tags:
        arguments += ["--tags", *(f"{name}={value}" for name, value in tags.items())]
    change_sets: list[str] = []

    def watch(line: str) -> None:
        change_sets.extend(_CHANGE_SET.findall(line))
        if progress is not None:
            progress(line)

    _run("deploy", arguments, endpoint, watch)
    return change_sets[-1] if change_sets else None


def _overridden(parameters: Mapping[str, str], endpoint: Endpoint | None) -> list[str]:
    configured = _deploy_configuration(_config_env(endpoint))
    overrides = dict(override.split("=", 1) for override in configured.get("parameter_overrides", ()))
    overrides |= parameters  # the option replaces the parameters in samconfig.toml, it does not add to them
    return ["--parameter-overrides", *(f"{name}={_quoted(value)}" for name, value in overrides.items())]


def _quoted(value: str) -> str:
    """Return a value as the SAM CLI reads it back: it takes one with a space, or an empty one, in quotes alone."""
    return f'"{value}"' if not value or " " in value else value


def _config_env(endpoint: Endpoint | None) -> ConfigEnv:
    return "default" if endpoint is None else "local"


def _deploy_configuration(config_env: ConfigEnv) -> dict[str, Any]:
    config = tomllib.loads(_CONFIG.read_text())
    parameters: dict[str, Any] = config[config_env]["deploy"]["parameters"]
    return parameters


def _run(command: str, arguments: Sequence[str], endpoint: Endpoint | None, progress: Progress | None) -> None:
    environment = dict(os.environ) if endpoint is None else endpoint.process_environment()
    # The build of the layer of dependencies uses the Python and the uv of this environment.
    environment["PATH"] = os.pathsep.join([str(_SAM.parent), environment.get("PATH", "")])
    environment["SAM_CLI_TELEMETRY"] = "0"
    if endpoint is not None:
        environment["SAM_CLI_POLL_DELAY"] = (
            "0.5"  # seconds between polls of the stack; the default of 5 respects AWS's request limits
        )
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    with subprocess.Popen(
        [str(_SAM), command, "--config-file", str(_CONFIG), "--config-env", _config_env(endpoint), *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as sam:
        try:
            for line in sam.stdout or ():
                tail.append(line.rstrip())
                if progress is not None and line.strip():
                    progress(line.rstrip())
        except BaseException:  # Ctrl-C included: sam must not run on by itself
            sam.terminate()
            raise
    if sam.returncode:
        answer = answer_in("\n".join(tail))
        if answer is not None:
            raise answer
        output = "\n".join(f"  {line}" for line in tail if line)
        raise SamError(f"`sam {command}` failed with exit code {sam.returncode}; it said last:\n{output}")
