"""AWS's public layers: found by their public parameters, else pinned by region; where none may be used, ours.

A public parameter that is missing is no error for Systems Manager (it is listed under ``InvalidParameters``), and a
layer that is found may still be denied: both are known before anything is made.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.stack import parameters_of
from cli.building.layers import WITHOUT_BUNDLED
from cli.errors import DENIED, CliError

_PINNED: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
PANDAS: Final = "PandasLayerArn"
POWERTOOLS: Final = "PowertoolsLayerArn"
_NAMES: Final = {PANDAS: "AWS SDK for pandas", POWERTOOLS: "Powertools for AWS Lambda"}
# The public parameters that template.yaml names; tests/unit/test_managed_layers.py compares the two.
PARAMETERS: Final = {
    PANDAS: "/aws/service/aws-sdk-pandas/3.17.0/py{python}/{architecture}/layer-arn",
    POWERTOOLS: "/aws/service/powertools/python/{architecture}/python{python}/3.37.0",
}
# How the names of the public layers begin, whichever account of AWS's owns them in a region.
_PUBLIC: Final = (":layer:AWSSDKPandas-", ":layer:AWSLambdaPowertools")
_ABSENT: Final = frozenset({"ResourceNotFoundException", "ValidationException", "InvalidParameterValueException"})


@dataclass(frozen=True)
class Choice:
    """Where the functions' packages come from.

    Attributes
    ----------
    parameters : dict of str to str
        The parameters of template.yaml that say so.
    why : tuple of str
        What is otherwise than usual, and why, a sentence each.
    """

    parameters: dict[str, str]
    why: tuple[str, ...] = ()


def choose(aws_cli: AwsCli, requested: Mapping[str, str], described: Mapping[str, Any] | None) -> Choice:
    """Return the layers for a deployment: the public ones that may be used, or else the bundled one.

    Parameters
    ----------
    aws_cli : AwsCli
    requested : mapping of str to str
        The parameters of template.yaml that were requested: a layer or a source among them is not replaced.
    described : mapping or None
        The deployed stack as CloudFormation describes it: layers of one's own stay.

    Raises
    ------
    CliError
        A public layer may not be used, and nothing else is possible.
    """
    values = _values(requested, described)
    if values["LayerSource"] != "managed":
        return Choice({})
    own = {
        name: values[name] for name in _NAMES if values.get(name) and (name in requested or not _public(values[name]))
    }
    wanted = {name: path.format(**_place(values)) for name, path in PARAMETERS.items() if name not in own}
    found, problem = _parameters(aws_cli, wanted)
    parameters, why, lacking = {}, [], []
    for name, path in wanted.items():
        reason = "" if name in found else problem or f"the public parameter {path} is missing"
        arn = found.get(name) or pinned(name, aws_cli.region_in_use, values)
        refusal = "no version of it is pinned" if arn is None else _refusal(aws_cli, arn)
        if arn is not None and not refusal:
            parameters[name] = arn
            why += (
                [f"{_NAMES[name]}: {reason}, so the layer that its documentation names is used: {arn}"]
                if reason
                else []
            )
        else:
            lacking.append(f"{_NAMES[name]}: {', and '.join(filter(None, (reason, refusal)))}")
    if not lacking:
        return Choice(parameters, tuple(why))
    return _bundled(requested, values, lacking)


def pinned(name: str, region: str, values: Mapping[str, str]) -> str | None:
    """Return the ARN of a public layer as its documentation has it; None where it names none.

    >>> pinned("PandasLayerArn", "us-east-1", {"PythonVersion": "3.13", "Architecture": "arm64"})
    'arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python313-Arm64:14'
    """
    entry = _PINNED["region"].get(region)
    if name != PANDAS or entry is None:
        return None
    python, architecture = values["PythonVersion"], values["Architecture"]
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    layer = f"AWSSDKPandas-Python{python.replace('.', '')}" + ("-Arm64" if architecture == "arm64" else "")
    return f"arn:{partition}:lambda:{region}:{entry['account']}:layer:{layer}:{entry[python][architecture]}"


def _values(requested: Mapping[str, str], described: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what a deployment has: the parameters that are requested, the stack's, and template.yaml's."""
    usual = {"PythonVersion": "3.13", "Architecture": "x86_64", "LayerSource": "managed"}
    return usual | parameters_of(described) | dict(requested)


def _place(values: Mapping[str, str]) -> dict[str, str]:
    return {"python": values["PythonVersion"], "architecture": values["Architecture"]}


def _public(arn: str) -> bool:
    return any(name in arn for name in _PUBLIC)


def _parameters(aws_cli: AwsCli, wanted: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return the layers that public parameters name, and why none is known where they may not be read."""
    if not wanted:
        return {}, ""
    try:
        answer = aws_cli.run("ssm", "get-parameters", "--names", *wanted.values())
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return {}, "its public parameter may not be read"
    absent = frozenset(answer.get("InvalidParameters", ()))
    by_path = {each["Name"]: each["Value"] for each in answer.get("Parameters", ())}
    return {name: by_path[path] for name, path in wanted.items() if path in by_path and path not in absent}, ""


def _refusal(aws_cli: AwsCli, arn: str) -> str:
    """Return why a layer may not be used, empty where it may."""
    try:
        aws_cli.run("lambda", "get-layer-version-by-arn", "--arn", arn, "--query", "LayerVersionArn")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in DENIED:
            return f"you may not use it (lambda:GetLayerVersion on {arn})"
        if code in _ABSENT:
            return f"there is no layer {arn}"
        raise
    return ""


def _bundled(requested: Mapping[str, str], values: Mapping[str, str], lacking: list[str]) -> Choice:
    python = values["PythonVersion"]
    if "LayerSource" in requested or python == WITHOUT_BUNDLED:
        why = (
            "LayerSource=managed was asked for"
            if "LayerSource" in requested
            else f"Python {python} has no bundled layer"
        )
        raise CliError(
            "\n".join([f"AWS's public layers cannot be used, and {why}:", *(f"  {each}" for each in lacking)]),
            "Bring the packages along (--parameter LayerSource=bundled, with PythonVersion=3.12 or 3.13), or name "
            "layers of your own: --parameter PandasLayerArn=ARN --parameter PowertoolsLayerArn=ARN.",
        )
    return Choice({"LayerSource": "bundled"}, (*lacking, "the packages are brought along (LayerSource=bundled)"))
