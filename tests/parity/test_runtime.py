"""Every function in the real Lambda runtime, within its layers and its memory, on its sample event."""

import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from bundled_layer import bundled_layer
from deployed_lakehouse import Lakehouse
from deployment import Deployment
from lakehouse_tables import EVERY_TABLE
from lambda_filesystem import LambdaFilesystem, make
from lambda_layers import ABSENT_CODECS, DOUBTFUL_FUNCTIONS, ROOT
from runtime_emulator import Answer, Served, program, served
from sam_local import Containers, NoContainersError, containers

from bench.cold import FUNCTIONS, PUBLISH
from lakehouse.lake import layout

pytestmark = [pytest.mark.parity, pytest.mark.skipif(program() is None, reason="the runtime emulator is for Linux")]

LARGE = 100_000
# It is no part of a run: EventBridge calls it when one failed.
ALERT = "alert"
every_function = pytest.mark.parametrize("function", FUNCTIONS)


def logical_name(function: str) -> str:
    return "".join(word.capitalize() for word in function.split("_")) + "Function"


def configuration(deployment: Deployment, function: str) -> dict[str, Any]:
    name = f"importau-{function.replace('_', '-')}"
    found: dict[str, Any] = deployment.client("lambda").get_function_configuration(FunctionName=name)
    return found


@dataclass(frozen=True)
class Run:
    """All functions, one after the other, in one runtime: what each answered, and what was published in the end."""

    answers: Mapping[str, Answer]
    published: Mapping[str, list[bytes]]


Invoke = Callable[[str, Mapping[str, Any]], Answer]


@pytest.fixture(scope="module")
def lakehouse(deployment: Deployment, csv_dir: Path) -> Lakehouse:
    made = Lakehouse(deployment)
    made.upload(csv_dir)
    return made


@pytest.fixture(scope="module")
def filesystem(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> LambdaFilesystem:
    build = deployment.build
    layers = (build / "CommonLayer", build / "ContractsLayer")
    return make(tmp_path_factory.mktemp("lambda") / "root", build / "BronzeFunction", layers)


@pytest.fixture(scope="module")
def container(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    try:
        with containers(deployment, tmp_path_factory.mktemp("containers")) as made:
            yield made
    except NoContainersError as error:
        pytest.skip(
            f"`sam local invoke` did NOT run, for want of Docker: {error}. "
            "The same functions ran in AWS's runtime interface emulator instead, under the same limits."
        )


@pytest.fixture(scope="module")
def bundled(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> LambdaFilesystem:
    """Return what a function finds with LayerSource=bundled, of the Python and the machine that run this."""
    if shutil.which("make") is None:
        pytest.skip("functions did NOT run with LayerSource=bundled, for want of `make`")
    home = tmp_path_factory.mktemp("bundled")
    layer = bundled_layer(home / "DependenciesLayer")
    layers = (layer, deployment.build / "CommonLayer", deployment.build / "ContractsLayer")
    return make(home / "root", deployment.build / "BronzeFunction", layers, bundled=True)


def runs(invoke: Invoke, lakehouse: Lakehouse) -> Run:
    """Run every function on its event, in a lake without any run; publish what the audits have passed."""
    lakehouse.forget()
    answers: dict[str, Answer] = {}
    for function, changed in (*((function, {}) for function in FUNCTIONS), (PUBLISH, {"do": "commit"})):
        answers[function] = invoke(function, event_of(function) | changed)
        assert not answers[function].failed, f"{function}: {answers[function].payload}"
    return Run(answers, {table: lakehouse.published_bytes(table) for table in EVERY_TABLE})


def event_of(function: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/{function}.json").read_text("utf-8"))
    return event


def emulated(deployment: Deployment, lakehouse: Lakehouse, filesystem: LambdaFilesystem, logs: Path) -> Run:
    def invoke(function: str, event: Mapping[str, Any]) -> Answer:
        environment = deployment.endpoint.environment()
        with served(filesystem, configuration(deployment, function), environment, logs / function) as one:
            return one.invoke(event)

    return runs(invoke, lakehouse)


@pytest.fixture(scope="module")
def in_emulator(
    deployment: Deployment, lakehouse: Lakehouse, filesystem: LambdaFilesystem, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    return emulated(deployment, lakehouse, filesystem, tmp_path_factory.mktemp("emulator"))


@pytest.fixture(scope="module")
def in_bundled(
    deployment: Deployment, lakehouse: Lakehouse, bundled: LambdaFilesystem, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    return emulated(deployment, lakehouse, bundled, tmp_path_factory.mktemp("bundled"))


@pytest.fixture(scope="module")
def in_container(container: Containers, lakehouse: Lakehouse, tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("events") / "event.json"

    def invoke(function: str, event: Mapping[str, Any]) -> Answer:
        path.write_text(json.dumps(event))
        return container.invoke(logical_name(function), path)[0]

    return runs(invoke, lakehouse)


@pytest.fixture(scope="module")
def in_embedded_aws(lakehouse: Lakehouse) -> Run:
    def invoke(function: str, event: Mapping[str, Any]) -> Answer:
        return Answer(lakehouse.invoke(function.replace("_", "-"), **event), 0)

    return runs(invoke, lakehouse)


@pytest.fixture(params=["emulator", "bundled", "container"])
def run(request: pytest.FixtureRequest) -> Run:
    made: Run = request.getfixturevalue(f"in_{request.param}")
    return made


def test_no_function_of_the_template_is_left_out(deployment: Deployment) -> None:
    resources = yaml.safe_load((deployment.build / "template.yaml").read_text())["Resources"]
    functions = {name for name, resource in resources.items() if resource["Type"] == "AWS::Serverless::Function"}
    assert {logical_name(function) for function in (*FUNCTIONS, ALERT)} == functions
    assert {path.stem for path in (ROOT / "events").glob("*.json")} == {*FUNCTIONS, ALERT}


def test_the_function_that_tells_of_failures_does_so_in_the_real_runtime(
    deployment: Deployment, lakehouse: Lakehouse, filesystem: LambdaFilesystem, tmp_path: Path
) -> None:
    limits = configuration(deployment, ALERT)
    with served(filesystem, limits, deployment.endpoint.environment(), tmp_path / ALERT) as one:
        answer = one.invoke(event_of(ALERT))
    assert answer.payload["kind"] == "input", answer.payload
    assert answer.seconds < limits["Timeout"] / 4
    assert answer.peak_bytes < limits["MemorySize"] * 2**20


@every_function
def test_a_function_does_its_work_in_the_real_runtime_within_its_memory_and_a_quarter_of_its_time(
    run: Run, function: str, deployment: Deployment
) -> None:
    limits = configuration(deployment, function)
    answer = run.answers[function]
    assert answer.payload["run_id"] == "exemplo"
    assert answer.payload.get("passed", True), answer.payload["cause"]
    assert answer.seconds < limits["Timeout"] / 4
    assert answer.peak_bytes < limits["MemorySize"] * 2**20


def test_the_real_runtime_publishes_the_same_bytes_as_the_embedded_aws(run: Run, in_embedded_aws: Run) -> None:
    assert run.published == in_embedded_aws.published


def test_what_a_function_writes_is_compressed_as_the_managed_layer_can(run: Run, lakehouse: Lakehouse) -> None:
    written = [key for key in lakehouse.keys("") if key.endswith(".parquet")]
    assert len(written) > len(run.published)
    for key in written:
        metadata = pq.ParquetFile(io.BytesIO(lakehouse.bytes_of(key))).metadata
        columns = [
            metadata.row_group(group).column(column)
            for group in range(metadata.num_row_groups)
            for column in range(metadata.num_columns)
        ]
        assert {column.compression for column in columns} <= {"SNAPPY"}, key


# ---- the limits are limits -------------------------------------------------------------------------------------------

PROBE = """
import importlib
import io


def handler(event, context):
    match event:
        case {"module": name}:
            importlib.import_module(name)
        case {"codec": codec}:
            import pyarrow as pa
            import pyarrow.parquet as pq
            pq.write_table(pa.table({"a": [1]}), io.BytesIO(), compression=codec)
        case {"function": name}:
            import pyarrow.compute as pc
            getattr(pc, name)(["a"])
        case {"bytes": size}:
            return len(bytearray(size))
        case {"forever": True}:
            while True:
                pass
    return "done"
"""
ABSENT_PACKAGES = ("duckdb", "ministack", "moto", "jsonschema", "pytest", "rich", "pydantic")
ABSENT_FROM_PYARROW = ("pyarrow._s3fs", "pyarrow._orc", "pyarrow.orc", "pyarrow.flight", "pyarrow._substrait")


PROBE_LIMITS = {"FunctionName": "probe", "Handler": "probe.handler", "MemorySize": 512, "Timeout": 10}


@pytest.fixture(scope="module")
def probe_filesystem(filesystem: LambdaFilesystem, tmp_path_factory: pytest.TempPathFactory) -> LambdaFilesystem:
    """Return the surroundings of the real functions, with a function that does what an event asks."""
    made = LambdaFilesystem(tmp_path_factory.mktemp("probe"))
    made.task.mkdir()
    (made.task / "probe.py").write_text(PROBE)
    (made.root / "opt").symlink_to(filesystem.root / "opt")
    shutil.copytree(filesystem.runtime, made.runtime)
    return made


@pytest.fixture(scope="module")
def probe(probe_filesystem: LambdaFilesystem, deployment: Deployment) -> Iterator[Served]:
    with served(
        probe_filesystem, PROBE_LIMITS, deployment.endpoint.environment(), probe_filesystem.root / "log"
    ) as one:
        yield one


@pytest.mark.parametrize("module", [*ABSENT_PACKAGES, *ABSENT_FROM_PYARROW])
def test_what_no_layer_brings_cannot_be_imported(probe: Served, module: str) -> None:
    answer = probe.invoke({"module": module})
    assert answer.failed
    assert answer.payload["errorType"] in ("ModuleNotFoundError", "Runtime.ImportModuleError"), answer.payload


def test_what_the_layers_bring_can_be_imported(probe: Served) -> None:
    for module in ("awswrangler", "pyarrow.dataset", "aws_xray_sdk.core", "openlineage.client", "yaml", "boto3"):
        assert probe.invoke({"module": module}).payload == "done"


@pytest.mark.parametrize("codec", sorted(ABSENT_CODECS - {"bz2", "lz4_raw"}))
def test_a_codec_that_the_layer_is_built_without_cannot_be_used(probe: Served, codec: str) -> None:
    assert probe.invoke({"codec": "snappy"}).payload == "done"
    assert "not built" in probe.invoke({"codec": codec}).payload["errorMessage"]


def test_a_compute_function_that_the_layer_may_lack_cannot_be_used(probe: Served) -> None:
    for name in DOUBTFUL_FUNCTIONS:
        assert "No function registered" in probe.invoke({"function": name}).payload["errorMessage"]


@pytest.mark.parametrize(
    ("event", "said"), [({"bytes": 600 * 2**20}, "MemoryError"), ({"forever": True}, "timed out after 10.00 seconds")]
)
def test_a_function_that_needs_more_memory_or_time_than_it_has_fails(
    event: dict[str, Any], said: str, probe_filesystem: LambdaFilesystem, deployment: Deployment, tmp_path: Path
) -> None:
    with served(probe_filesystem, PROBE_LIMITS, deployment.endpoint.environment(), tmp_path / "log") as one:
        assert one.invoke({"bytes": 100 * 2**20}).payload == 100 * 2**20
        answer = one.invoke(event)
    assert answer.failed
    assert said in str(answer.payload)


def test_a_container_is_ended_when_it_needs_more_memory_than_the_function_has(
    container: Containers, tmp_path: Path
) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    runtime = f"python{container.python}"
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"CodeUri": ".", "Handler": "probe.handler", "Runtime": runtime, "MemorySize": 256},
    }
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Probe": function}}
    (tmp_path / "template.yaml").write_text(yaml.safe_dump(template))
    for size, fits in ((50 * 2**20, True), (600 * 2**20, False)):
        (tmp_path / "event.json").write_text(json.dumps({"bytes": size}))
        answer, said = container.invoke("Probe", tmp_path / "event.json", tmp_path / "template.yaml")
        assert answer.failed != fits, said


def test_a_run_of_a_hundred_thousand_orders_stays_within_memory_and_a_quarter_of_the_time(
    deployment: Deployment, lakehouse: Lakehouse, filesystem: LambdaFilesystem, tmp_path: Path
) -> None:
    environment = deployment.endpoint.environment()
    event: dict[str, Any] = {"run_id": "large", "source": {"type": "synthetic", "orders": LARGE}}
    lakehouse.invoke(PUBLISH, do="open", **event)
    for layer in layout.LAYERS:
        event = event | {"layer": layer}
        for function in (layer, f"teste_{layer}"):
            limits = configuration(deployment, function)
            with served(filesystem, limits, environment, tmp_path / function) as one:
                answer = one.invoke(event)
                assert not answer.failed, f"{function}: {one.log[-4000:]}"
            assert answer.payload.get("passed", True), answer.payload["cause"]
            assert answer.seconds < limits["Timeout"] / 4
            assert 0 < answer.peak_bytes < limits["MemorySize"] * 2**20
            print(f"{function}: {LARGE} orders, {answer.seconds:.1f} s, {answer.peak_bytes / 2**20:.0f} MiB")
            if function == layer:
                event = answer.payload
    assert lakehouse.invoke(PUBLISH, run_id="large", do="commit", layer=layout.BRONZE)["lagging"] == []
