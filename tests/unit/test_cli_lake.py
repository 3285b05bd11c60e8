"""What the commands do with the bucket and the stack, on an AWS in this process."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from compressed import zipped
from lakehouse_tables import EVERY_TABLE, FACT, TABLES
from small_lake import account, deploy, put, report

from cli.errors import CliError, NotDeployedError, UsageError
from cli.running.estimate import orders_of
from cli.running.source import CsvFolder, Landing, exported_files, missing_in
from cli.running.summary import TableSummary, tables
from cli.running.upload import landed, upload
from cli.session import Aws
from lakehouse.lake import layout


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        yield found


@pytest.fixture
def stack(aws: Aws) -> Iterator[Stubber]:
    """What CloudFormation answers; moto's own needs more packages than the rest of this project."""
    with Stubber(aws.cloudformation) as answers:
        yield answers
        answers.assert_no_pending_responses()


def deployed(status: str = "UPDATE_COMPLETE", **outputs: str) -> dict[str, Any]:
    return {
        "Stacks": [
            {
                "StackName": "importau",
                "StackStatus": status,
                "CreationTime": datetime(2025, 1, 1, tzinfo=UTC),
                "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
            }
        ]
    }


def test_the_stacks_outputs_say_where_everything_is_and_are_asked_for_once(aws: Aws, stack: Stubber) -> None:
    stack.add_response(
        "describe_stacks", deployed(BucketName="lake", StateMachineGoldArn="arn:x"), {"StackName": "importau"}
    )
    assert aws.bucket == "lake"
    assert aws.state_machine("gold") == "arn:x"


def test_a_stack_that_is_not_deployed_is_one_line_and_its_fix(aws: Aws, stack: Stubber) -> None:
    stack.add_client_error("describe_stacks", "ValidationError", "Stack with id importau does not exist", 400)
    with pytest.raises(NotDeployedError, match="the stack importau is not deployed in us-east-1") as caught:
        aws.bucket  # noqa: B018
    assert "./importau deploy" in caught.value.fix


def test_on_the_embedded_aws_the_fix_is_the_demo(aws: Aws) -> None:
    local = Aws(aws.session, "importau", "http://127.0.0.1:1")
    with Stubber(local.cloudformation) as answers:
        answers.add_client_error("describe_stacks", "ValidationError", "Stack with id importau does not exist", 400)
        with pytest.raises(NotDeployedError, match="on the embedded AWS") as caught:
            local.bucket  # noqa: B018
    assert "./importau demo" in caught.value.fix


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_came_to_nothing_is_not_deployed(aws: Aws, stack: Stubber, status: str) -> None:
    stack.add_response("describe_stacks", deployed(status))
    with pytest.raises(NotDeployedError):
        aws.bucket  # noqa: B018


def test_a_refusal_is_not_taken_for_a_missing_stack(aws: Aws, stack: Stubber) -> None:
    stack.add_client_error("describe_stacks", "ExpiredToken", "expired", 403)
    with pytest.raises(ClientError, match="ExpiredToken"):
        aws.bucket  # noqa: B018


def test_an_output_of_a_later_template_is_named_when_it_is_missing(aws: Aws, stack: Stubber) -> None:
    stack.add_response("describe_stacks", deployed(BucketName="lake"))
    with pytest.raises(NotDeployedError, match="has no output StateMachineGoldArn"):
        aws.state_machine("gold")


def test_the_seven_files_are_uploaded_to_the_landing_area(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    for name in exported_files():
        (tmp_path / name).write_text(f"content of {name}")
    (tmp_path / "other.csv").write_text("not ours")
    assert upload(aws, tmp_path) == {}
    assert sorted(landed(aws)) == sorted(layout.landing_key(table) for table in TABLES["bronze"])
    body = aws.s3.get_object(Bucket="lake", Key=layout.landing_key("cambio"))["Body"].read()
    assert body == b"content of cambio.csv"


def test_compressed_files_are_uploaded_as_they_are_and_estimated_by_what_they_hold(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    content = b"pedido_id\n" + b"x" * 400 * 90
    for name in exported_files():
        (tmp_path / name).write_bytes(content)
    plain = orders_of(aws, "pipeline", CsvFolder(tmp_path))
    for table, ending, pack in (("pedidos", ".csv.gz", gzip.compress), ("itens_pedido", ".zip", zipped)):
        (tmp_path / f"{table}.csv").unlink()
        (tmp_path / f"{table}{ending}").write_bytes(pack(content))
    assert missing_in(tmp_path) == []
    upload(aws, tmp_path)
    assert sorted(landed(aws)) == sorted(layout.landing_key(table) for table in TABLES["bronze"])
    body = aws.s3.get_object(Bucket="lake", Key=layout.landing_key("pedidos"))["Body"].read()
    assert body == (tmp_path / "pedidos.csv.gz").read_bytes()
    assert orders_of(aws, "pipeline", CsvFolder(tmp_path)) == orders_of(aws, "pipeline", Landing()) == plain


def test_two_exports_of_a_table_in_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("pedidos.csv", "pedidos.csv.gz"):
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"several exports of pedidos .*: pedidos\.csv, pedidos\.csv\.gz"):
        missing_in(tmp_path)


def test_an_upload_says_which_object_versions_are_its_own_whatever_others_upload(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    aws.s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    for name in exported_files():
        (tmp_path / name).write_text(f"content of {name}")
    (tmp_path / "pagamentos.csv").write_bytes(b"x" * (9 << 20))  # in parts
    mine = upload(aws, tmp_path)
    for table in TABLES["bronze"]:
        put(aws, layout.landing_key(table), "somebody else's")
    assert set(mine) == set(TABLES["bronze"])
    for table, version in mine.items():
        body = aws.s3.get_object(Bucket="lake", Key=layout.landing_key(table), VersionId=version)["Body"].read()
        assert body == (tmp_path / f"{table}.csv").read_bytes()


def test_where_versions_were_suspended_an_upload_names_none(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    for status in ("Enabled", "Suspended"):
        aws.s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": status})
    for name in exported_files():
        (tmp_path / name).write_text("content")
    assert upload(aws, tmp_path) == {}


def test_a_file_that_cannot_be_read_is_named(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    with pytest.raises(CliError, match=r"pedidos\.csv cannot be read: No such file"):
        upload(aws, tmp_path)


def test_the_summary_is_read_from_the_audit_reports_of_the_run(aws: Aws) -> None:
    deploy(aws)
    put(aws, layout.quality_key("r", "bronze"), report("bronze", "r", passed=False, emprestimos=1))
    put(aws, layout.quality_key("older", "silver"), report("silver", "older"))
    found = tables(aws, "r", layout.LAYERS, {"bronze": 1.5})
    assert [asset.table for asset in found] == list(EVERY_TABLE)
    assert found[EVERY_TABLE.index("emprestimos")] == TableSummary("bronze", "emprestimos", 30, 1, "fail", 1, 2, 1.5)
    assert found[EVERY_TABLE.index(FACT)] == TableSummary("silver", FACT, None, None, "not run")
