"""The lakehouse's bucket: found, told from somebody else's, made where AWS wants it, with the template's settings."""

import json
from pathlib import Path
from typing import Any

import pytest
from answering import Answering, refused
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from cli.account import bucket as buckets
from cli.account.bucket import Bucket
from cli.account.identity import Identity
from cli.account.stack_bucket import bucket_of, bucket_parameter, ensure
from cli.embedded.endpoint import Endpoint
from cli.errors import CliError, UsageError
from lakehouse.lake import layout
from lakehouse.lake.retention import Retention

ROOT = Path(__file__).resolve().parents[2]
ME = Identity("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDA")
NAME = "importau-lakehouse-ana"
NOT_FOUND, FORBIDDEN = refused("404", "HeadBucket"), refused("403", "HeadBucket")
WHOLE = {"TagSet": [{"Key": "project", "Value": "importau"}]}


def cli(region: str = "us-east-1", **answers: Any) -> Answering:
    given = {"head_bucket": {"BucketRegion": region}, "get_bucket_tagging": refused("NoSuchTagSet")} | answers
    return Answering(
        region=region, answers={f"s3api {name.replace('_', '-')}": answer for name, answer in given.items()}
    )


def test_a_bucket_that_is_there_and_mine_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    aws_cli = cli(get_bucket_tagging=WHOLE)
    assert ensure(aws_cli, ME, NAME) == Bucket(NAME, "us-east-1")
    assert aws_cli.commands() == ["s3api head-bucket", "s3api get-bucket-tagging"]
    assert aws_cli.option("s3api head-bucket", "--expected-bucket-owner") == ME.account
    assert f"bucket {NAME} is there, in us-east-1, and it is yours" in capsys.readouterr().err


def test_one_that_was_not_made_to_the_end_is_said_to_be_so_and_settled_on_demand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ensure(cli(), ME, NAME)
    assert f"./importau bucket --bucket {NAME} --settle" in capsys.readouterr().err.replace("\n", " ")
    aws_cli = cli(get_bucket_tagging={"TagSet": [{"Key": "turma", "Value": "2"}]})
    ensure(aws_cli, ME, NAME, settle_it=True)
    tags = json.loads(aws_cli.option("s3api put-bucket-tagging", "--tagging"))["TagSet"]
    assert {"Key": "turma", "Value": "2"} in tags  # what was there stays
    assert {"Key": "project", "Value": "importau"} in tags


@pytest.mark.parametrize("region", ["us-east-1", "sa-east-1"])
def test_a_new_bucket_names_its_region_except_the_one_that_may_not_be_named(region: str) -> None:
    aws_cli = cli(region, head_bucket=NOT_FOUND)
    assert ensure(aws_cli, ME, NAME) == Bucket(NAME, region)
    (made,) = (asked for asked in aws_cli.asked if asked[1] == "create-bucket")
    assert made[2:4] == ("--bucket", NAME)
    if region == "us-east-1":
        assert len(made) == 4
    else:
        assert json.loads(made[5]) == {"LocationConstraint": "sa-east-1"}


def test_the_tags_come_last_so_that_they_say_that_all_of_it_was_done() -> None:
    aws_cli = cli(head_bucket=NOT_FOUND)
    ensure(aws_cli, ME, NAME)
    assert aws_cli.commands()[-1] == "s3api put-bucket-tagging"


def test_a_setting_that_may_not_be_made_is_told_and_the_others_are_made(capsys: pytest.CaptureFixture[str]) -> None:
    denied = refused("AccessDenied", "PutBucketLifecycleConfiguration", "no s3:PutLifecycleConfiguration")
    aws_cli = cli(head_bucket=NOT_FOUND, put_bucket_lifecycle_configuration=denied)
    ensure(aws_cli, ME, NAME)
    assert "lifecycle: no s3:PutLifecycleConfiguration" in capsys.readouterr().err
    assert {"s3api put-public-access-block", "s3api put-bucket-policy", "s3api put-bucket-tagging"} <= set(
        aws_cli.commands()
    )


def test_a_fault_while_settling_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(type(NOT_FOUND), match="InternalError"):
        ensure(cli(head_bucket=NOT_FOUND, put_bucket_versioning=refused("InternalError")), ME, NAME)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"Buckets": [{"Name": "other"}]}, "is somebody else's"),
        ({"Buckets": [{"Name": NAME}]}, "is yours, and you may not look at it"),
        (refused("AccessDenied", "ListBuckets"), "is somebody else's or may not be looked at"),
    ],
)
def test_a_bucket_that_may_not_be_looked_at_is_told_from_somebody_elses(own: Any, said: str) -> None:
    with pytest.raises(CliError, match=said) as failure:
        ensure(cli(head_bucket=FORBIDDEN, list_buckets=own), ME, NAME)
    assert failure.value.fix


def test_a_name_that_somebody_took_in_the_meantime_is_somebody_elses() -> None:
    with pytest.raises(CliError, match="somebody else's") as failure:
        ensure(cli(head_bucket=NOT_FOUND, create_bucket=refused("BucketAlreadyExists", "CreateBucket")), ME, NAME)
    assert f"{NAME}-2" in failure.value.fix


def test_making_it_twice_at_once_is_no_error_and_the_bucket_has_all_its_settings() -> None:
    aws_cli = cli("sa-east-1", head_bucket=NOT_FOUND, create_bucket=refused("BucketAlreadyOwnedByYou"))
    assert ensure(aws_cli, ME, NAME) == Bucket(NAME, "sa-east-1")
    assert aws_cli.commands()[1:] == [
        "s3api create-bucket", "s3api get-bucket-tagging", "s3api put-public-access-block",
        "s3api put-bucket-encryption", "s3api put-bucket-versioning", "s3api put-bucket-lifecycle-configuration",
        "s3api put-bucket-policy", "s3api put-bucket-tagging",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        {"head_bucket": refused("InternalError")},
        {"head_bucket": NOT_FOUND, "create_bucket": refused("InternalError")},
        {"head_bucket": FORBIDDEN, "list_buckets": refused("InternalError")},
        {"get_bucket_tagging": refused("InternalError")},
    ],
    ids=", ".join,
)
def test_a_fault_of_aws_is_taken_for_no_answer(answers: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="InternalError"):
        ensure(cli(**answers), ME, NAME)


@pytest.mark.parametrize("code", ["NoSuchTagSet", "AccessDenied"])
def test_tags_that_are_not_there_or_may_not_be_read_are_none(code: str) -> None:
    assert buckets.tags_of(cli(get_bucket_tagging=refused(code)), NAME) == {}


@pytest.mark.parametrize("code", ["404", "NoSuchBucket", "NotFound"])
def test_a_bucket_that_nobody_has_is_none(code: str) -> None:
    assert buckets.find(cli(head_bucket=refused(code)), ME, NAME) is None


def test_where_the_answer_names_no_region_the_bucket_is_in_the_one_in_use() -> None:
    for answer in ({}, None, {"BucketRegion": ""}):
        assert buckets.find(cli("sa-east-1", head_bucket=answer), ME, NAME) == Bucket(NAME, "sa-east-1")


@pytest.mark.parametrize("name", ["abc", "a.b", "a-b", "1" * 63, "ana.dados-2"])
def test_a_name_that_a_bucket_can_have_is_asked_for(name: str) -> None:
    assert buckets.find(cli(), ME, name) == Bucket(name, "us-east-1")


def test_a_bucket_of_mine_in_another_region_is_refused_with_both_ways_out() -> None:
    aws_cli = Answering(region="us-west-2", answers={"s3api head-bucket": {"BucketRegion": "us-east-1"}})
    with pytest.raises(CliError, match="is yours, in us-east-1; the region in use is us-west-2") as failure:
        ensure(aws_cli, ME, NAME)
    assert "--region us-east-1" in failure.value.fix
    assert "--bucket" in failure.value.fix


@pytest.mark.parametrize("name", ["Ana", "an", "a" * 64, "-ana", "ana_b", "ana..b", "ana/b"])
def test_a_name_that_no_bucket_can_have_is_not_even_asked_for(name: str) -> None:
    aws_cli = cli()
    with pytest.raises(UsageError):
        ensure(aws_cli, ME, name)
    assert not aws_cli.asked


def test_the_settings_are_those_that_the_template_gives_its_own_bucket() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    resources, defaults = template["Resources"], template["Parameters"]
    own = _by_default(resources["LakeBucket"]["Properties"], defaults)
    assert own["VersioningConfiguration"] == buckets.VERSIONING
    assert own["PublicAccessBlockConfiguration"] == buckets.PUBLIC_ACCESS_BLOCK
    (rule,) = own["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (ours,) = buckets.ENCRYPTION["Rules"]
    assert ours["ApplyServerSideEncryptionByDefault"] == rule["ServerSideEncryptionByDefault"]
    assert [_as_in_the_template(rule) for rule in buckets.LIFECYCLE["Rules"]] == own["LifecycleConfiguration"]["Rules"]
    parameters = {"owner": "engenharia-de-dados", "cost-centre": "importau-lakehouse"}
    assert {tag["Key"]: parameters.get(tag["Key"], tag["Value"]) for tag in own["Tags"]} == buckets.TAGS

    aws_cli = cli()
    buckets.settle(aws_cli, ME, Bucket(NAME, "us-east-1"))
    policy = json.loads(aws_cli.option("s3api put-bucket-policy", "--policy"))
    (statement,) = resources["LakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (ours,) = policy["Statement"]
    assert {**ours, "Resource": None} == {**statement, "Resource": None}
    assert ours["Resource"] == [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"]


def _by_default(value: Any, parameters: dict[str, Any]) -> Any:
    """Return a part of the template as it is by default: without what a parameter has to ask for (one's own key)."""
    if isinstance(value, list):
        return [_by_default(inner, parameters) for inner in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::If"}:
        return _by_default(value["Fn::If"][2], parameters)
    if set(value) == {"Ref"} and parameters.get(value["Ref"], {}).get("Type") == "Number":
        return parameters[value["Ref"]]["Default"]
    resolved = {key: _by_default(inner, parameters) for key, inner in value.items()}
    return {key: inner for key, inner in resolved.items() if inner != {"Ref": "AWS::NoValue"}}


def _as_in_the_template(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a lifecycle rule of the S3 API as CloudFormation writes it."""
    written = {key: value for key, value in rule.items() if key not in {"ID", "Filter", "Expiration"}}
    prefix = rule["Filter"]["Prefix"]
    return (
        {"Id": rule["ID"]}
        | written
        | ({"Prefix": prefix} if prefix else {})
        | ({"ExpirationInDays": rule["Expiration"]["Days"]} if "Expiration" in rule else {})
    )


def test_a_limit_that_is_0_is_no_rule_and_no_rule_deletes_what_is_newest_but_work_and_answers() -> None:
    forever = buckets.lifecycle(Retention(landing=0, deleted=0))["Rules"]
    assert [rule["ID"] for rule in forever if "NoncurrentVersionExpiration" in rule] == [
        "staging-is-temporary", "query-results-are-temporary",
    ]  # fmt: skip
    limited = buckets.lifecycle(Retention(landing=7, deleted=30))["Rules"]
    assert [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in limited] == [1, 1, 7, 30]
    for rules in (forever, limited):
        assert {rule["Filter"]["Prefix"] for rule in rules if "Expiration" in rule} == {
            layout.STAGING_PREFIX, layout.ATHENA_PREFIX,
        }  # fmt: skip


def test_the_embedded_aws_has_no_tls_and_so_no_policy_that_demands_it() -> None:
    aws_cli = Answering(endpoint=Endpoint(1, 1), answers={"s3api get-bucket-tagging": refused("NoSuchTagSet")})
    buckets.settle(aws_cli, ME, Bucket(NAME, "us-east-1"))
    assert "s3api put-bucket-policy" not in aws_cli.commands()


def test_each_setting_is_made_by_its_command_and_a_refusal_says_which_it_was() -> None:
    aws_cli = cli(get_bucket_tagging={"TagSet": []})
    assert buckets.settle(aws_cli, ME, Bucket(NAME, "us-east-1")) == []
    made = {
        "put-public-access-block": ("--public-access-block-configuration", buckets.PUBLIC_ACCESS_BLOCK),
        "put-bucket-encryption": ("--server-side-encryption-configuration", buckets.ENCRYPTION),
        "put-bucket-versioning": ("--versioning-configuration", buckets.VERSIONING),
        "put-bucket-lifecycle-configuration": ("--lifecycle-configuration", buckets.LIFECYCLE),
    }
    for command, (option, content) in made.items():
        assert aws_cli.option(f"s3api {command}", "--bucket") == NAME
        assert json.loads(aws_cli.option(f"s3api {command}", option)) == content
    tags = json.loads(aws_cli.option("s3api put-bucket-tagging", "--tagging"))["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == buckets.TAGS
    assert all(command[1].startswith(("put-", "get-bucket-tagging")) for command in aws_cli.asked)

    refusing = cli(**{operation.replace("-", "_"): refused("AccessDenied", "Put", "") for operation in made},
                   put_bucket_policy=refused("AccessDenied", "Put", "no"),
                   put_bucket_tagging=refused("AccessDenied", "Put", ""))  # fmt: skip
    settings = ("no public access", "encryption", "versioning", "lifecycle")
    told = [*(f"{what}: not allowed" for what in settings), "access over TLS only: no", "tags: not allowed"]
    assert buckets.settle(refusing, ME, Bucket(NAME, "us-east-1")) == told


def test_a_bucket_is_settled_when_it_has_the_mark() -> None:
    bucket = Bucket(NAME, "us-east-1")
    assert buckets.is_settled(cli(get_bucket_tagging=WHOLE), bucket)
    for tags in ([], [{"Key": "project", "Value": "other"}]):
        assert not buckets.is_settled(cli(get_bucket_tagging={"TagSet": tags}), bucket)


def failing(**answers: Any) -> tuple[str, str]:
    with pytest.raises(CliError) as failure:
        buckets.make(cli(**answers), NAME) if "create_bucket" in answers else buckets.find(cli(**answers), ME, NAME)
    return failure.value.message, failure.value.fix


def test_what_is_wrong_with_a_bucket_is_told_with_the_way_out() -> None:
    taken = (
        f"the bucket {NAME} exists and is somebody else's: bucket names are shared by everybody on AWS",
        f"Choose another name, for example {NAME}-2: --bucket NAME.",
    )
    assert failing(create_bucket=refused("BucketAlreadyExists")) == taken
    assert failing(head_bucket=FORBIDDEN, list_buckets={"Buckets": []}) == taken
    assert failing(head_bucket=FORBIDDEN, list_buckets=refused("AccessDenied")) == (
        f"the bucket {NAME} exists, and is somebody else's or may not be looked at",
        "Choose another name (--bucket NAME), or ask for s3:ListBucket on it if it is yours.",
    )
    assert failing(head_bucket=FORBIDDEN, list_buckets={"Buckets": [{"Name": NAME}]}) == (
        f"the bucket {NAME} is yours, and you may not look at it",
        f"Ask for s3:ListBucket on arn:aws:s3:::{NAME}; `./importau check` shows all that is missing.",
    )
    with pytest.raises(UsageError) as failure:
        buckets.find(cli(), ME, "Ana")
    assert (failure.value.message, failure.value.fix) == (
        "no bucket can be called 'Ana'",
        "Use 3 to 63 small letters, digits and hyphens, beginning and ending with a letter or digit.",
    )


DEPLOYED = {
    "StackStatus": "CREATE_COMPLETE",
    "Outputs": [{"OutputKey": "Region", "OutputValue": "x"}, {"OutputKey": "BucketName", "OutputValue": "mine"}],
}


@pytest.mark.parametrize(
    ("described", "named", "bucket"),
    [
        (None, None, None),
        (None, "new", "new"),
        ({"StackStatus": "CREATE_IN_PROGRESS"}, "new", "new"),
        (DEPLOYED, None, "mine"),
        (DEPLOYED, "mine", "mine"),
    ],
)
def test_a_stack_has_the_bucket_it_was_deployed_with_and_before_that_the_one_named(
    described: Any, named: str | None, bucket: str | None
) -> None:
    assert bucket_of("importau", described, named) == bucket


def test_a_deployed_stack_keeps_its_bucket_and_says_so() -> None:
    with pytest.raises(UsageError) as failure:
        bucket_of("importau", DEPLOYED, "other")
    assert failure.value.message == (
        "the stack importau is deployed with the bucket mine, which has its data; other is another one"
    )
    assert failure.value.fix == (
        "Leave --bucket and IMPORTAU_BUCKET out, or take the stack down first (`./importau destroy`): "
        "mine keeps its data."
    )


@pytest.mark.parametrize(
    ("described", "parameter"),
    [
        (None, {"ExistingBucket": NAME}),
        ({"StackStatus": "REVIEW_IN_PROGRESS"}, {"ExistingBucket": NAME}),
        (
            DEPLOYED | {"Parameters": [{"ParameterKey": "ExistingBucket", "ParameterValue": NAME}]},
            {"ExistingBucket": NAME},
        ),
        (DEPLOYED | {"Parameters": [{"ParameterKey": "ExistingBucket", "ParameterValue": ""}]}, {}),
        (DEPLOYED | {"Parameters": [{"ParameterKey": "ExistingBucket"}]}, {}),
        (DEPLOYED, {}),
    ],
)
def test_a_stack_is_given_its_bucket_unless_it_made_one_itself(described: Any, parameter: dict[str, str]) -> None:
    aws_cli = cli(get_bucket_tagging=WHOLE)
    assert bucket_parameter(aws_cli, ME, described, NAME) == parameter
    assert bool(aws_cli.asked) == bool(parameter)  # it is there, or made


def test_another_name_for_the_longest_one_is_no_longer() -> None:
    longest = "a" * 63
    with pytest.raises(CliError) as failure:
        buckets.make(cli(create_bucket=refused("BucketAlreadyExists")), longest)
    assert f"for example {'a' * 61}-2:" in failure.value.fix
