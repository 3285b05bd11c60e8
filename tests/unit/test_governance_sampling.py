"""The sample in which personal data are looked for has rows of any part and row group, and is the same for one run."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from governance.sampling import Sampling, texts_in
from governance.scanner import SAMPLE
from lakehouse.contract.quality import AuditedFile

files = st.lists(st.integers(0, 3_000_000), max_size=12).map(
    lambda rows: [AuditedFile(f"part-{n}", "e", 1, each) for n, each in enumerate(rows)]
)


@given(files, st.text(max_size=5))
def test_a_sample_is_of_files_that_have_rows_and_of_no_more_rows_than_wanted(found, name):
    sampling = Sampling.of(found, name)
    assert sampling == Sampling.of(found, name)
    assert bool(sampling.files) == any(file.rows for file in found)
    assert all(file in found and file.rows for file in sampling.files)
    assert sum(sampling.quotas.values()) <= SAMPLE + len(sampling.files)


def test_over_runs_every_part_and_every_row_group_is_looked_at():
    found = [AuditedFile(f"part-{n}", "e", 1, 1_000_000) for n in range(64)]
    runs = [Sampling.of(found, f"pedidos/run-{n}") for n in range(200)]
    assert {file.key for run in runs for file in run.files} == {file.key for file in found}
    whole = [Sampling.of(found[:1], f"pedidos/run-{n}") for n in range(100)]
    assert {group for run in whole for group in run.groups(found[0])(16)} == set(range(16))
    assert all(len(run.groups(found[0])(16)) == 4 for run in whole)
    assert whole[0].groups(found[0])(2) == [0, 1]


def test_rows_are_drawn_from_all_of_what_was_read():
    table = pa.table({"n": list(range(100_000))})
    sampling = Sampling.of([AuditedFile("a", "e", 1, 100_000)], "r")
    rows = sampling.rows(sampling.files[0], table)["n"].to_pylist()
    assert len(set(rows)) == SAMPLE
    assert rows == sorted(rows)
    assert {row // 10_000 for row in rows} == set(range(10))
    few = table.slice(0, 10)
    assert sampling.rows(sampling.files[0], few) is few


def test_only_text_is_looked_at():
    types = {"a": pa.string(), "b": pa.int64(), "c": pa.dictionary(pa.int32(), pa.string()), "d": pa.large_string()}
    assert texts_in(pa.schema(types)) == ["a", "c", "d"]
