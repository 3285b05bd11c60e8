"""Bronze of large exports in ranges: what each kind of call takes, in memory, on the disk and in seconds.

`.venv/bin/python -m bench.ranges ORDERS FOLDER` makes the exports in the folder, a million orders at a time, where they
are not there yet, and runs Bronze as its state machine does: every call in a process of its own, two at once. It prints
the most that a call of each kind has taken. The bucket is a folder (`bench.folder_bucket`).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from cli import ROOT

if TYPE_CHECKING:
    import pyarrow as pa

AT_ONCE: Final = 2
RUN: Final = "bench"
_CHUNK: Final = 1_000_000
_SEED: Final = 42
_KEYS: Final = {"pedido_id": "PED", "item_id": "ITEM", "pagamento_id": "PAG"}
_LOOK: Final = 0.02
# Of every call, what a Lambda has by default.
_CONTEXT: Final = {
    "function_name": "importau-bronze",
    "memory_limit_in_mb": 1024,
    "aws_request_id": "1",
    "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:importau-bronze",
}


def make(orders: int, bucket: Path) -> None:
    """Write exports of so many orders into the landing folder of a bucket; each million has keys of its own."""
    import pyarrow.compute as pc  # noqa: PLC0415 - the calls' processes begin without it

    from bench.folder_bucket import FolderBucket  # noqa: PLC0415
    from bronze.csv.text import lines  # noqa: PLC0415
    from bronze.synthetic.company import generate  # noqa: PLC0415
    from lakehouse.contract.layers import is_cut  # noqa: PLC0415
    from lakehouse.lake import layout  # noqa: PLC0415

    for chunk, first in enumerate(range(0, orders, _CHUNK)):
        for table, made in generate(min(_CHUNK, orders - first), _SEED + chunk).items():
            if chunk and not is_cut(table):
                continue
            rows = _renamed(made, chunk) if is_cut(table) else made
            with FolderBucket(bucket).place(layout.landing_key(table)).open("ab") as file:
                if not chunk:
                    file.write((",".join(rows.column_names) + "\n").encode())
                for start in range(0, len(rows), _CHUNK):
                    text = pc.binary_join_element_wise(lines(rows.slice(start, _CHUNK)), "", "\n")
                    file.write(memoryview(text.buffers()[2]))


def _renamed(rows: "pa.Table", chunk: int) -> "pa.Table":
    """Return rows whose keys are those of no other chunk."""
    import pyarrow.compute as pc  # noqa: PLC0415

    for name, prefix in _KEYS.items():
        if name in rows.column_names:
            keys = pc.replace_substring(rows[name], prefix, f"{prefix}{chunk:03}")
            rows = rows.set_column(rows.column_names.index(name), name, keys)
    return rows


def call(bucket: Path, event: Mapping[str, Any]) -> None:
    """Make one call in this process, and print its result and what it took as JSON."""
    from bench.folder_bucket import FolderBucket  # noqa: PLC0415
    from lakehouse import clients  # noqa: PLC0415

    os.environ["LAKE_BUCKET"], client = "lake", FolderBucket(bucket)
    clients.once("s3", lambda: client)
    disk = _Disk(Path(tempfile.gettempdir()))
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    began = time.perf_counter()
    from bronze import app  # noqa: PLC0415

    context: Any = SimpleNamespace(**_CONTEXT)
    result = app.handler(dict(event), context)
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time(), "disk": disk.peak(), "rss": _peak()}
    out.write(json.dumps({"result": result, "took": took | {"requests": sum(client.asked.values())}}))


class _Disk:
    """The most bytes that a folder had, looked at again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._peak, self._ended = folder, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def peak(self) -> int:
        self._ended.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK):
            size = 0
            for path in self._folder.rglob("*"):
                try:
                    size += path.stat().st_size if path.is_file() else 0
                except FileNotFoundError:
                    continue
            self._peak = max(self._peak, size)


def _peak() -> int:
    """Return the most resident memory of this process, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    if found is None:
        raise OSError("/proc/self/status has no VmHWM")
    return int(found[1]) * 1024


def called(bucket: Path, **event: Any) -> dict[str, Any]:
    """Make one call in a process of its own, which has a folder of its own for its files."""
    with tempfile.TemporaryDirectory(prefix="importau-bench-") as scratch:
        paths = [str(ROOT / folder) for folder in ("functions/common", "glue", "functions", ".")]
        environment = {**os.environ, "TMPDIR": scratch, "PYTHONPATH": os.pathsep.join(paths)}
        command = [sys.executable, "-m", "bench.ranges", "call", str(bucket), json.dumps({"run_id": RUN, **event})]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        return dict(json.loads(done.stdout))


def run(bucket: Path) -> dict[str, list[dict[str, float]]]:
    """Run Bronze as its state machine does, and return what the calls of each kind took."""
    took: dict[str, list[dict[str, float]]] = defaultdict(list)
    given = {"layer": "bronze", "source": {"type": "csv"}, "maps": True, "origin": {}}
    while True:
        answer = called(bucket, **given)
        took["WriteBronze"].append(answer["took"])
        result = answer["result"]
        if result["tables"]:
            print(json.dumps({each["table"]: each["rows"] for each in result["tables"]}))
            return took
        from bench.folder_bucket import FolderBucket  # noqa: PLC0415

        (page,) = FolderBucket(bucket).paginate(Prefix=result["parts_prefix"])
        keys = [each["Key"] for each in page["Contents"]]
        kinds = [json.loads(FolderBucket(bucket).get_object(Key=key)["Body"].read())["do"] for key in keys]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = threads.map(lambda key: called(bucket, part_key=key, origin={}), keys)
            for kind, each in zip(kinds, answers, strict=True):
                took[kind].append(each["took"])


def table(took: Mapping[str, Iterable[Mapping[str, float]]]) -> str:
    """Return a table in Markdown of the most that the calls of each kind took."""
    lines = [
        "| Call | Calls | Memory, MB | Disk, MB | Requests | Seconds | Seconds, mean | CPU s, mean |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for kind, calls in took.items():
        each = list(calls)
        most = {name: max(one[name] for one in each) for name in each[0]}
        mean = {name: sum(one[name] for one in each) / len(each) for name in ("seconds", "cpu")}
        lines.append(
            f"| {kind} | {len(each):,} | {most['rss'] / 2**20:,.0f} | {most['disk'] / 2**20:,.0f} | "
            f"{most['requests']:,.0f} | {most['seconds']:,.1f} | {mean['seconds']:,.1f} | {mean['cpu']:,.1f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Measure, or make the one call that a measurement wants."""
    if arguments[0] == "call":
        call(Path(arguments[1]), json.loads(arguments[2]))
        return
    orders, bucket = int(arguments[0].replace("_", "")), Path(arguments[1])
    if not bucket.exists():
        made = bucket.with_name(f"{bucket.name}.made")
        shutil.rmtree(made, ignore_errors=True)
        make(orders, made)
        made.rename(bucket)
    for path in bucket.iterdir():
        if not path.name.startswith("landing"):
            path.unlink()
    began = time.monotonic()
    took = run(bucket)
    print(table(took))
    print(f"{time.monotonic() - began:,.0f} s in all, {AT_ONCE} calls at once")


if __name__ == "__main__":
    main(sys.argv[1:])
