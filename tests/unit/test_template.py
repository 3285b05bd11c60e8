"""The template, after the SAM transform and against what the rest of the project says."""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sam_template
from lakehouse_tables import TABLES
from packaging.requirements import Requirement
from sam_template import ROLE, parsed

from cli.building import layers
from lakehouse.lake import layout

ROOT = Path(__file__).resolve().parent.parent.parent
# What AWS SDK for pandas, Powertools and the Lambda runtime itself bring.
MANAGED = {"awswrangler", "aws-lambda-powertools", "aws-xray-sdk", "boto3", "botocore", "numpy", "pandas", "pyarrow"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return parsed()


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    return sam_template.transformed()


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == kind
    }


def text(value: Any) -> Iterator[str]:
    """Yield every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from text(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from text(inner)


def locked() -> dict[str, str]:
    """Return the versions of the lock file's first section, what `.venv` holds."""
    section = (ROOT / "requirements.lock").read_text().split("# [sam]")[0]
    found = re.findall(r"^([a-z0-9.-]+)==([^ \\]+)(?: ; ([^\\]+))?", section, re.MULTILINE)
    return {name: version for name, version, marker in found if "'emscripten'" not in marker or "!=" in marker}


def test_no_role_user_or_policy_is_left_to_iam_after_the_transform(transformed: dict[str, Any]) -> None:
    assert not [name for name, resource in transformed["Resources"].items() if resource["Type"].startswith("AWS::IAM")]


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("AWS::Lambda::Function", "Role"),
        ("AWS::StepFunctions::StateMachine", "RoleArn"),
        ("AWS::Glue::Crawler", "Role"),
    ],
)
def test_everything_that_acts_acts_as_the_role_that_was_given(
    transformed: dict[str, Any], kind: str, role: str
) -> None:
    found = of_type(transformed, kind)
    assert found
    assert {str(properties[role]) for properties in found.values()} <= {ROLE, str({"Ref": "ExecutionRoleArn"})}


def test_every_function_has_a_handler_in_the_functions_folder_and_a_log_group_with_retention(
    template: dict[str, Any],
) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        module, _, attribute = function["Handler"].rpartition(".")
        source = ROOT / "functions" / f"{module.replace('.', '/')}.py"
        assert source.is_file(), f"{name}: {source} does not exist"
        assert f"def {attribute}(" in source.read_text()
        assert groups[function["LoggingConfig"]["LogGroup"]["Ref"]]["RetentionInDays"]


def test_every_layer_has_a_database_and_a_crawler_with_one_target_a_table_folder(template: dict[str, Any]) -> None:
    databases = of_type(template, "AWS::Glue::Database")
    crawlers = {properties["Name"]: properties for properties in of_type(template, "AWS::Glue::Crawler").values()}
    assert {d["DatabaseInput"]["Name"] for d in databases.values()} == {
        "importau_bronze",
        "importau_silver",
        "importau_gold",
        "importau_ml",
        "importau_governanca",
        "importau_descoberta",
    }
    for layer, tables in TABLES.items():
        crawler = crawlers[f"importau-{layer}"]
        assert databases[crawler["DatabaseName"]["Ref"]]["DatabaseInput"]["Name"] == layout.DISCOVERED_DATABASE
        targets = crawler["Targets"]["S3Targets"]
        paths = [target["Path"]["Fn::Sub"][0] for target in targets]
        assert paths == ["s3://${Bucket}/" + layout.table_prefix(table) for table in tables]
        assert [target["SampleSize"] for target in targets] == [1] * len(tables)
        # Of its own tables it keeps account, and deletes none; those of the contracts are in other databases.
        behaviours = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"}
        assert crawler["SchemaChangePolicy"] == behaviours
        grouping = json.loads(crawler["Configuration"])["Grouping"]
        assert {grouping["TableLevelConfiguration"]} == {layout.table_level(table) for table in tables}


def test_the_bucket_is_versioned_encrypted_private_and_outlives_the_stack(template: dict[str, Any]) -> None:
    resource = template["Resources"]["LakeBucket"]
    bucket = resource["Properties"]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    prefixes = [
        (rule["Fn::If"][2] if "Fn::If" in rule else rule).get("Prefix")
        for rule in bucket["LifecycleConfiguration"]["Rules"]
    ]
    assert prefixes == ["staging/", "athena-results/", "landing/", None]
    (statement,) = template["Resources"]["LakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_can_be_tagged_says_its_project_owner_and_cost_centre(transformed: dict[str, Any]) -> None:
    wanted = {"project", "domain", "owner", "cost-centre"}
    kinds = ("Lambda::Function", "StepFunctions::StateMachine", "Glue::Crawler", "S3::Bucket", "Logs::LogGroup")
    for kind in (f"AWS::{kind}" for kind in kinds):
        for name, properties in of_type(transformed, kind).items():
            tags = properties["Tags"]
            keys = set(tags) if isinstance(tags, dict) else {tag["Key"] for tag in tags}
            assert wanted <= keys, f"{name} lacks {wanted - keys}"


def test_a_state_machines_definition_uses_exactly_what_the_template_hands_to_it(template: dict[str, Any]) -> None:
    for name, properties in of_type(template, "AWS::Serverless::StateMachine").items():
        definition = (ROOT / properties["DefinitionUri"]).read_text("utf-8")
        used = set(re.findall(r"\$\{(\w+)\}", definition))
        assert used == set(properties["DefinitionSubstitutions"]), name
        kind = Path(properties["DefinitionUri"]).name.split(".")[0]
        of = properties["DefinitionSubstitutions"].get("Layer")
        assert properties["Name"] == "StateMachine_DAG_" + {"layer": of, "teste": f"teste_{of}"}.get(kind, kind)


def test_a_substitution_stands_in_a_json_string_and_names_nothing_that_is_substituted_in_turn(
    template: dict[str, Any],
) -> None:
    for name, properties in of_type(template, "AWS::Serverless::StateMachine").items():
        for key, value in properties["DefinitionSubstitutions"].items():
            if isinstance(value, str):
                assert json.loads(f'"{value}"') == value, f"{name}.{key}"
                assert "${" not in value, f"{name}.{key}"


def test_the_managed_layers_are_of_the_locked_versions(template: dict[str, Any]) -> None:
    layers = " ".join(text(template["Globals"]["Function"]["Layers"]))
    assert f"/aws-sdk-pandas/{locked()['awswrangler']}/" in layers
    assert f"/python${{PythonVersion}}/{locked()['aws-lambda-powertools']}}}}}" in layers


def test_a_function_has_at_most_the_five_layers_that_lambda_allows(template: dict[str, Any]) -> None:
    assert len(template["Globals"]["Function"]["Layers"]) <= 5


def closure(*roots: str) -> set[str]:
    """Return distributions and all that they need, on the Python that runs this."""
    seen: set[str] = set()

    def add(wanted: Requirement) -> None:
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name not in seen:
            seen.add(name)
            for line in requires(name) or ():
                needed = Requirement(line)
                extras = ("", *wanted.extras)
                if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                    add(needed)

    for root in roots:
        add(Requirement(root))
    return seen


LACKING = ("openlineage-python", "pyyaml")
BUNDLED = (*LACKING, "aws-lambda-powertools[tracer]", "awswrangler", "numpy", "pyarrow")


@pytest.mark.parametrize(("source", "roots"), [("managed", LACKING), ("bundled", BUNDLED)])
def test_the_dependencies_layer_has_the_locked_version_of_all_it_needs_and_nothing_that_is_there_already(
    source: str, roots: tuple[str, ...]
) -> None:
    lines = (ROOT / f"functions/dependencies/{source}/requirements.txt").read_text().splitlines()
    pinned = {Requirement(line) for line in lines if line and not line.startswith("#")}
    lock = (ROOT / "requirements.lock").read_text().split("# [sam]")[0]
    for each in pinned:
        assert re.search(rf"^{each.name}{re.escape(str(each.specifier))} ", lock, re.MULTILINE), each
    # awswrangler asks for setuptools, and imports nothing of it.
    there_already = MANAGED if source == "managed" else {"boto3", "botocore", "s3transfer", "setuptools"}
    # On an older Python anyio needs what it does not need on a later one; a layer is for all.
    needed = closure(*roots) | {"typing-extensions"}
    assert {each.name for each in pinned} == needed - there_already


def test_there_is_a_folder_to_build_in_for_each_python_and_processor_that_the_template_allows(
    template: dict[str, Any],
) -> None:
    allowed = {name: tuple(template["Parameters"][name]["AllowedValues"]) for name in layers.ALLOWED}
    assert allowed == {**layers.ALLOWED, "LayerSource": ("managed", "bundled", "local")}
    folders = [ROOT / f"functions/dependencies/python{p}-{a}" for p, a in product(*list(allowed.values())[:2])]
    assert sorted((ROOT / "functions/dependencies").glob("python*")) == sorted(folders)
    (recipe,) = {(folder / "Makefile").read_text() for folder in folders}
    assert "build-DependenciesLayer:" in recipe


def test_samconfig_sets_only_parameters_that_the_template_has(template: dict[str, Any]) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    sections = [section["parameters"] for environment in config.values() if isinstance(environment, dict)
                for section in environment.values()]  # fmt: skip
    assert len(sections) > 5
    for parameters in sections:
        overrides = parameters.get("parameter_overrides", [])
        assert {override.split("=")[0] for override in overrides} <= set(template["Parameters"])
