"""What a cold start loads, in the real runtime: names of modules, never times (`./importau bench --cold` has those)."""

from collections.abc import Mapping

import pytest
from deployment import Deployment
from runtime_emulator import program

from bench.cold import FUNCTIONS, PUBLISH, Runtime, phases

pytestmark = [pytest.mark.parity, pytest.mark.skipif(program() is None, reason="the runtime emulator is for Linux")]

# Each takes 0.1 s or more to load, or brings in what does.
HEAVY = frozenset({"awswrangler", "httpx2", "openlineage", "pandas", "requests"})
# Every function tells its lineage, but only once it is called; the one that publishes makes no table.
LINEAGE = frozenset({"httpx2", "openlineage", "requests"})
every_function = pytest.mark.parametrize("function", FUNCTIONS)

Loaded = Mapping[str, Mapping[str, frozenset[str]]]


@pytest.fixture(scope="module")
def loaded(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Return the heavy packages that are loaded, by function and phase, of a run through all functions."""
    logs = Runtime(deployment, tmp_path_factory.mktemp("cold")).run("cold")
    return {
        function: {
            phase: HEAVY & {module.partition(".")[0] for module in said["modules"]}
            for phase, said in phases(log).items()
        }
        for function, log in logs.items()
    }


# The one that forecasts works with data frames: small data, that nobody waits for.
FRAMES = frozenset({"awswrangler", "pandas"})


@every_function
def test_an_initialisation_loads_nothing_heavy(loaded: Loaded, function: str) -> None:
    # awswrangler imports requests.
    assert loaded[function]["init"] == (FRAMES | {"requests"} if function == "forecast" else frozenset())


@every_function
def test_a_first_call_loads_nothing_heavy_but_what_tells_its_lineage(loaded: Loaded, function: str) -> None:
    assert loaded[function]["call"] - FRAMES == (frozenset() if function == PUBLISH else LINEAGE)
