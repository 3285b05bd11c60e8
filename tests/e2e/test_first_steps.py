"""The first things that a newcomer types, in whatever order: each does what it says, or says what to do."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from somebody import Somebody, somebody

from cli import ROOT
from cli.contents.catalogue import entries
from cli.contents.naming import Names
from cli.finding.entries import COLUMN, TABLE
from lakehouse.contract.model import load_all
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.layout import GOVERNANCE_DATABASE as GOVERNANCE
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Somebody]:
    with somebody(tmp_path_factory.mktemp("importau")) as newcomer:
        yield newcomer


SCRIPTS = sorted(path for path in (ROOT / "scripts").glob("*.sh") if path.name[:2] in ("05", "06", "07", "08", "09"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_any_script_may_come_first_and_says_what_has_to_come_before(script: Path, tmp_path: Path) -> None:
    """The embedded AWS is started by whichever comes first; what is not deployed is said with how to deploy it."""
    with somebody(tmp_path / "home") as person:
        went = person.types(str(script))
        if script.name.startswith("05") and "CSV files are missing" in went.stderr:
            assert went.returncode == 2
        else:
            assert went.returncode == 1
            assert "error: the stack importau is not deployed on the embedded AWS" in went.stderr
            assert "`./importau deploy --local`, scripts/04-deploy.sh" in went.stderr
        assert "Pronto" not in went.stdout
        assert person.aws.endpoint is not None


@pytest.fixture(scope="module")
def demo(newcomer: Somebody, tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    out = tmp_path_factory.mktemp("out")
    done = newcomer.importau("demo", "--local", "--orders", "1_00", "--export", str(out / "lake"))
    assert done.returncode == 2, "1_00 is no whole number"
    done = newcomer.importau("demo", "--local", "--orders", "120", "--export", str(out / "lake"), "--keep-running")
    assert done.returncode == 0, done.stderr
    return done


def test_the_demos_lake_is_in_the_bucket_that_the_scripts_use(demo: object, newcomer: Somebody) -> None:
    named = newcomer.importau("bucket", "--name", "--local")
    assert newcomer.aws.bucket == named.stdout.strip()
    made = newcomer.types(str(ROOT / "scripts/02-bucket.sh"))
    assert f"s3://{newcomer.aws.bucket}." in made.stdout
    assert "is there, in us-east-1, and it is yours" in made.stderr
    assert [bucket["Name"] for bucket in newcomer.aws.s3.list_buckets()["Buckets"]].count(newcomer.aws.bucket) == 1


LOCAL = [
    ("check",), ("bucket",), ("deploy", "--yes"), ("plan", "--orders", "1000"), ("search", "cambial"),
    ("search", "--type", "pii"), ("lineage", "landing.pedidos"), ("verify",), ("logs",), ("export", "OUT"),
    ("portal", "--output", "OUT/portal.html"),
]  # fmt: skip


@pytest.mark.parametrize("command", LOCAL, ids=" ".join)
def test_every_command_about_a_lakehouse_takes_local(
    demo: object, newcomer: Somebody, command: tuple[str, ...], tmp_path: Path
) -> None:
    done = newcomer.importau(*(word.replace("OUT", str(tmp_path / "out")) for word in command), "--local")
    assert done.returncode == 0, done.stderr
    assert done.stdout or done.stderr


def test_lineage_takes_every_table_and_column_that_search_prints(demo: object, newcomer: Somebody) -> None:
    names = Names(load_all())
    printed = [entry.where for entry in entries(Catalog(newcomer.aws.client("glue"))) if entry.kind in (TABLE, COLUMN)]
    ours = [name for name in printed if not name.startswith(f"{GOVERNANCE}.")]
    assert len(ours) > 100
    assert [name for name in ours if names.resolve(name) is None] == []


def test_a_second_demo_on_a_demos_lake_goes_on_and_one_on_a_lake_in_use_does_not(
    demo: object, newcomer: Somebody, tmp_path: Path
) -> None:
    again = newcomer.importau("demo", "--orders", "60", "--export", str(tmp_path / "out"))
    assert again.returncode == 0, again.stderr
    assert "the tables of the last demo, run " in again.stderr
    assert "will be replaced" in again.stderr

    assert newcomer.importau("run", "gold", "--force", "--local").returncode == 0
    before = chain.newest(Lake(newcomer.aws.bucket, newcomer.aws.s3))
    refused = newcomer.importau("demo", "--orders", "50", "--export", str(tmp_path / "out"))
    assert refused.returncode == 2
    assert "is in use: its run " in refused.stderr
    assert "--yes" in refused.stderr
    assert "sam build" not in refused.stderr
    assert before is not None
    assert chain.newest(Lake(newcomer.aws.bucket, newcomer.aws.s3)) == before


def test_what_destroy_tells_to_type_means_the_same_lakehouse(demo: object, newcomer: Somebody) -> None:
    bucket = newcomer.aws.bucket
    gone = newcomer.importau("destroy", "--local", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert f"`./importau deploy --bucket {bucket} --local` uses it again" in gone.stderr
