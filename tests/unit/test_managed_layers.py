"""AWS's public layers: found, pinned, or replaced by ours; and what is told of it."""

import re
from typing import Any

import pytest
import sam_template
from answering import USUAL, Answering, public_layers, refused

from cli.account.stack import REVIEW
from cli.building.layers import ALLOWED
from cli.building.managed_layers import _PINNED, PANDAS, PARAMETERS, POWERTOOLS, choose, pinned
from cli.errors import CliError

USED = "lambda get-layer-version-by-arn"
POWERTOOLS_PATH = "/aws/service/powertools/python/x86_64/python3.13/3.37.0"
PANDAS_PATH = "/aws/service/aws-sdk-pandas/3.17.0/py3.13/x86_64/layer-arn"


def account(**answers: Any) -> Answering:
    return Answering(region="us-east-1", answers=USUAL | answers)


def without(*paths: str) -> Any:
    """Return Systems Manager's answer when some public parameters are missing: no error, but a list of them."""

    def answer(arguments: tuple[str, ...]) -> dict[str, Any]:
        given = public_layers(arguments)
        kept = [each for each in given["Parameters"] if each["Name"] not in paths]
        return {"Parameters": kept, "InvalidParameters": [path for path in paths if path in arguments]}

    return answer


def deployed(**parameters: str) -> dict[str, Any]:
    listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"StackStatus": "UPDATE_COMPLETE", "Parameters": listed}


def test_the_public_parameters_are_those_of_the_template() -> None:
    text = sam_template.TEMPLATE.read_text("utf-8")
    paths = set(re.findall(r"\{\{resolve:ssm:([^}]+(?:\}[^}]+)*)\}\}", text))
    assert paths == {
        path.format(python="${PythonVersion}", architecture="${Architecture}") for path in PARAMETERS.values()
    }


def test_layers_that_are_found_and_may_be_used_are_taken_without_a_word() -> None:
    choice = choose(account(), {}, None)
    assert choice.why == ()
    assert choice.parameters.keys() == {PANDAS, POWERTOOLS}


def test_python_and_processor_decide_which_parameters_are_asked_for() -> None:
    aws_cli = account()
    choose(aws_cli, {"PythonVersion": "3.12", "Architecture": "arm64"}, None)
    (asked,) = [each for each in aws_cli.asked if each[0] == "ssm"]
    assert {"/aws/service/aws-sdk-pandas/3.17.0/py3.12/arm64/layer-arn",
            "/aws/service/powertools/python/arm64/python3.12/3.37.0"} <= set(asked)  # fmt: skip


def test_a_missing_parameter_is_noticed_and_the_documented_layer_is_used_and_told() -> None:
    choice = choose(account(**{"ssm get-parameters": without(PANDAS_PATH)}), {}, None)
    arn = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python313:14"
    assert choice.parameters[PANDAS] == arn
    assert choice.why == (
        f"AWS SDK for pandas: the public parameter {PANDAS_PATH} is missing, so the layer that its documentation names "
        f"is used: {arn}",
    )


def test_where_no_version_is_pinned_the_packages_are_brought_along_and_told() -> None:
    choice = choose(account(**{"ssm get-parameters": without(POWERTOOLS_PATH)}), {}, None)
    assert choice.parameters == {"LayerSource": "bundled"}
    assert choice.why == (
        f"Powertools for AWS Lambda: the public parameter {POWERTOOLS_PATH} is missing, and no version of it is pinned",
        "the packages are brought along (LayerSource=bundled)",
    )


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (refused("AccessDeniedException"), "you may not use it (lambda:GetLayerVersion on arn:"),
        (refused("ResourceNotFoundException"), "there is no layer arn:"),
    ],
)
def test_a_layer_that_may_not_be_used_is_replaced_by_ours(refusal: Exception, said: str) -> None:
    choice = choose(account(**{USED: refusal}), {}, None)
    assert choice.parameters == {"LayerSource": "bundled"}
    assert all(said in why for why in choice.why[:2])


def test_where_parameters_may_not_be_read_the_documented_layer_is_looked_for() -> None:
    choice = choose(account(**{"ssm get-parameters": refused("AccessDeniedException")}), {}, None)
    assert choice.parameters == {"LayerSource": "bundled"}  # Powertools has none
    aws_cli = account(**{"ssm get-parameters": refused("AccessDeniedException")})
    own = {POWERTOOLS: "arn:aws:lambda:us-east-1:123456789012:layer:ours:1"}
    assert choose(aws_cli, own, None).parameters == {PANDAS: pinned(PANDAS, "us-east-1", VALUES)}


VALUES = {"PythonVersion": "3.13", "Architecture": "x86_64"}


@pytest.mark.parametrize("requested", [{"LayerSource": "managed"}, {"PythonVersion": "3.11"}])
def test_what_nothing_can_replace_stops_with_every_reason_and_what_to_do(requested: dict[str, str]) -> None:
    with pytest.raises(CliError) as stopped:
        choose(account(**{USED: refused("AccessDeniedException")}), requested, None)
    assert stopped.value.message.count("you may not use it") == 2
    assert "LayerSource=bundled" in stopped.value.fix


@pytest.mark.parametrize("source", ["bundled", "local"])
def test_nothing_is_asked_where_no_public_layer_is_wanted(source: str) -> None:
    aws_cli = account()
    assert choose(aws_cli, {"LayerSource": source}, None).parameters == {}
    assert choose(aws_cli, {}, deployed(LayerSource=source)).parameters == {}
    assert aws_cli.asked == []


def test_layers_of_ones_own_stay_those_of_aws_are_found_anew() -> None:
    own = "arn:aws:lambda:us-east-1:123456789012:layer:ours:1"
    stack = deployed(PandasLayerArn=own, PowertoolsLayerArn="arn:aws:lambda:us-east-1:1:layer:AWSLambdaPowertoolsX:1")
    assert choose(account(), {}, stack).parameters.keys() == {POWERTOOLS}
    assert choose(account(), {}, stack | {"StackStatus": REVIEW}).parameters.keys() == {PANDAS, POWERTOOLS}


@pytest.mark.parametrize("region", sorted(_PINNED["region"]))
def test_every_pinned_region_has_a_layer_for_all_that_can_be_deployed(region: str) -> None:
    for python in ALLOWED["PythonVersion"]:
        for architecture in ALLOWED["Architecture"]:
            arn = pinned(PANDAS, region, {"PythonVersion": python, "Architecture": architecture})
            assert arn is not None
            assert re.fullmatch(
                rf"arn:aws(-cn)?:lambda:{region}:\d{{12}}:layer:AWSSDKPandas-Python3\d\d(-Arm64)?:\d+", arn
            )
    assert pinned(PANDAS, "mars-north-1", VALUES) is None
    assert pinned(POWERTOOLS, region, VALUES) is None


def test_what_is_pinned_is_the_version_that_the_template_names() -> None:
    assert f"/{_PINNED['version']}/" in PARAMETERS[PANDAS]
