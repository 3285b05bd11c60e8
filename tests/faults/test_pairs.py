"""Two that publish at once, with writes as slow as chance has it: one whole version after the other."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from faulty import faulty
from handlers import governs, layer_of_run, pipeline, publishes
from states_of_lake import contents, wrong

from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.opening import opened
from lakehouse.versions.version import Making
from publish.commit import commit

ONE = {"type": "synthetic", "orders": 3, "seed": 1}
OTHER = {"type": "synthetic", "orders": 3, "seed": 2}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """A lake with one version."""
    pipeline(lake, "first", ONE)
    return lake


@pytest.mark.budget(2)
def test_two_pipelines_at_once_are_two_whole_versions(
    lake: Lake, budget: int, capsys: pytest.CaptureFixture[str]
) -> None:
    one = contents(lake)
    pipeline(lake, "second", OTHER)
    other = contents(lake)
    for number in range(budget):
        newest = chain.newest_number(lake)
        runs = {f"a{number}": ONE, f"b{number}": OTHER}
        with faulty(delay=0.02), ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda run, source: pipeline(lake, run, source), runs, runs.values()))
        made = {version.run: contents(lake, version.number) for version in chain.after(lake, newest)}
        assert made == {f"a{number}": one, f"b{number}": other}
        assert wrong(lake) == []
    with capsys.disabled():
        print(f"\n{budget} pairs of concurrent pipelines with delayed writes: 0 mixed")


@pytest.mark.budget(2)
def test_a_pipeline_and_a_layer_at_once_are_whole_versions_or_a_refusal(lake: Lake, budget: int) -> None:
    for number in range(budget):
        newest = chain.newest_number(lake)

        def alone(run: str = f"alone{number}") -> str:
            assert layer_of_run(lake, run, layout.SILVER).verdict["passed"]
            try:
                publishes(run, layout.SILVER)
            except LakehouseError as refused:
                return str(refused)
            return ""

        with faulty(delay=0.02), ThreadPoolExecutor(2) as threads:
            layer = threads.submit(alone)
            threads.submit(pipeline, lake, f"p{number}", OTHER).result()
            refusal = layer.result()
        after = [version.run for version in chain.after(lake, newest)]
        assert f"p{number}" in after
        assert (f"alone{number}" in after) == (not refusal)
        assert not refusal or f"of run p{number}, came between" in refusal
        assert wrong(lake) == []


def test_one_run_published_by_two_at_once_is_one_version(lake: Lake) -> None:
    for layer in layout.LAYERS:
        assert layer_of_run(lake, "r1", layer, OTHER).verdict["passed"]
    governs(lake, "r1")
    making = Making("pipeline", "e", "2026-01-01T00:00:00+00:00")
    with faulty(delay=0.02), ThreadPoolExecutor(4) as threads:
        numbers = list(threads.map(lambda _: commit(lake, opened(lake, "r1"), layout.LAYERS, making).number, range(4)))
    assert numbers == [2] * 4
    assert chain.numbers(lake) == [1, 2]
