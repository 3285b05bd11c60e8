"""Behind a proxy that makes every request wait as S3 does: the answers are the same, and few requests are made."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from generated_company import company
from lakehouse_tables import PARTED
from latency_proxy import Proxy, proxied
from published import publish

from cli.embedded.server import EmbeddedAws
from lakehouse.clients import AT_ONCE, client_of, forget, together
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.version import TableVersion
from lakehouse.versions.view import View
from lakehouse.versions.wholeness import REPLACED, differences

BUCKET, PARTS = "latency", 40


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws") / "aws") as endpoint, proxied(endpoint.url) as found:
        endpoint.make_bucket(BUCKET)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (endpoint.environment() | {"AWS_ENDPOINT_URL": found.url}).items():
                patch.setenv(name, value)
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
                patch.delenv(name, raising=False)
            forget()
            yield found
        forget()


@pytest.fixture
def lake(proxy: Proxy) -> Lake:
    proxy.reset()
    return Lake(BUCKET)


def test_what_passes_the_proxy_is_as_it_was_and_counted_by_operation(lake: Lake, proxy: Proxy) -> None:
    content = bytes(range(256)) * 5_000
    lake.write_bytes(content, "a/k")
    assert lake.read_bytes("a/k") == content
    found = lake.about("a/k")
    assert found is not None
    assert found.bytes == len(content)
    assert lake.range_of("a/k", found.etag, 3, 9) == content[3:9]
    assert list(lake.list("a/")) == ["a/k"]
    with pytest.raises(StorageError, match="does not exist"):
        lake.read_bytes("a/none")
    assert dict(proxy.requests) == {"PutObject": 1, "GetObject": 3, "HeadObject": 1, "ListObjectsV2": 1}
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        client_of("glue").get_table(DatabaseName="none", Name="none")
    assert proxy.requests["GetTable"] == 1
    assert proxy.at_once == 0


def test_as_many_wait_at_once_as_there_are_connections_and_no_more(lake: Lake, proxy: Proxy) -> None:
    keys = [f"many/{number:03d}" for number in range(4 * AT_ONCE)]
    assert list(together(lambda key: lake.write_bytes(key.encode(), key), keys)) == [len(key) for key in keys]
    assert list(together(lake.read_bytes, keys)) == [key.encode() for key in keys]
    assert 1 < proxy.most_at_once <= AT_ONCE
    assert dict(proxy.requests) == {"PutObject": len(keys), "GetObject": len(keys)}


def test_forty_parts_of_each_table_are_listed_and_not_asked_for_one_by_one(lake: Lake, proxy: Proxy) -> None:
    bronze = {name: rows if name not in PARTED else [rows] * PARTS for name, rows in company(30).items()}
    version = publish(lake, bronze, "r1", by="bronze")
    proxy.reset()
    found = list(together(lambda table: differences(lake, table), version.ordered))
    assert found == [[] for _ in version.ordered]
    assert dict(proxy.requests) == {"ListObjectsV2": len(version.ordered)}
    table: TableVersion = version.tables["pagamentos"]
    key = layout.run_key("pagamentos", "r1", 23, PARTS)
    lake.write_bytes(b"other", key)
    assert [tuple(each) for each in differences(lake, table)] == [(key, REPLACED)]
    proxy.reset()
    read = View.of_version(lake).read_all("pedidos", ["pedido_id"])
    assert len(read) == version.tables["pedidos"].rows
    # The version, by a listing and its object; of each small file all in one.
    assert dict(proxy.requests) == {"ListObjectsV2": 1, "GetObject": 1 + PARTS}
