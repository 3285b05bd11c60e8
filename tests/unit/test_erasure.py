"""What is kept of an erasure: when and how many rows, never whose; and what is said of a version."""

import json

import pytest
from small_lake import BUCKET, account

from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.erasure import Erasure, erasures, keep, note

pytestmark = pytest.mark.once

DONE = Erasure("a", "arn:x", "2026-11-29T10:00:00+00:00", "2026-11-30T10:00:00+00:00", versions={"1": 3, "2": 1})
BEGUN = Erasure("b", "arn:x", "2026-12-01T10:00:00+00:00", versions={"2": 4}, objects=(("k", "v"),))


def test_a_version_says_when_it_was_erased_and_how_many_rows_had_the_person() -> None:
    assert note([], 1) == ""
    assert note([DONE], 1) == "erased for LGPD on 2026-11-30, 3 rows"
    assert note([DONE], 2) == "erased for LGPD on 2026-11-30, 1 row"
    assert note([DONE], 3) == ""
    assert note([DONE, BEGUN], 2) == "being erased for LGPD since 2026-12-01, 5 rows"


def test_it_is_kept_and_read_again_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with account(monkeypatch) as aws:
        lake = Lake(BUCKET, aws.s3)
        assert erasures(lake) == []
        keep(lake, BEGUN)
        keep(lake, DONE)
        assert erasures(lake) == [DONE, BEGUN]
        keep(lake, BEGUN.with_progress(ended="2026-12-02T10:00:00+00:00"))
        assert [each.is_whole for each in erasures(lake)] == [True, True]
        lake.write_json({**json.loads(json.dumps(DONE.as_json())), "format": 9}, layout.erasure_key("a"))
        with pytest.raises(StorageError, match="format 9"):
            erasures(lake)
