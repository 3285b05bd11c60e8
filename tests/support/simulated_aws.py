"""An AWS that is simulated within the test's process (moto), in the environment of a Lambda."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from lakehouse import clients
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

_ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
# Settings of whoever runs the tests, which lead elsewhere.
_OWN: Final = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN")


@contextmanager
def simulated_lake(bucket: str) -> Iterator[Lake]:
    """Yield an empty lake, which is that of the environment as well."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (_ENVIRONMENT | {"LAKE_BUCKET": bucket}).items():
            patch.setenv(name, value)
        for name in _OWN:
            patch.delenv(name, raising=False)
        clients.forget()
        with mock_aws():
            client = clients.client_of("s3")
            client.create_bucket(Bucket=bucket)
            yield Lake(bucket, client)


def make_databases(*names: str) -> None:
    """Make the databases of the layers in the simulated catalogue, and those named besides."""
    for name in (*map(layout.database_of, layers.LAYERS), *names):
        boto3.client("glue").create_database(DatabaseInput={"Name": name})


def make_crawler(lake: Lake, layer: str, **settings: Any) -> None:
    """Make the crawler of a layer of a lake, with settings of its own."""
    tables = layers.tables_of(layer)
    paths = [{"Path": f"s3://{lake.bucket}/{layout.table_prefix(table)}", "SampleSize": 1} for table in tables]
    boto3.client("glue").create_crawler(
        Name=layout.crawler_of(layer, ""), Role="r", DatabaseName=layout.DISCOVERED_DATABASE,
        Targets={"S3Targets": paths}, **settings,
    )  # fmt: skip
