"""What a process settles: pyarrow goes without pandas, which can still be had, and freed memory is used again."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def said(program: str) -> list[str]:
    """Return what a program prints in a process of its own, which has loaded nothing yet."""
    path = [str(ROOT / folder) for folder in ("functions/common", "functions", "glue")]
    text = f"import sys; sys.path[:0] = {path!r}\n{program}"
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_arrays_are_made_without_loading_pandas():
    program = (
        "import lakehouse.runtime, pyarrow as pa; pa.table({'a': pa.array([1, None])}); print('pandas' in sys.modules)"
    )
    assert said(program) == ["False"]


def test_pandas_can_be_had_afterwards_and_arrow_still_makes_frames():
    program = "import lakehouse.runtime, pyarrow as pa, pandas; print(pa.array([1, 2]).to_pandas().sum())"
    assert said(program) == ["3"]


def test_pandas_that_was_loaded_before_is_still_understood():
    program = (
        "import pandas, lakehouse.runtime, pyarrow as pa\n"
        "print(pa.array(pandas.Series([1.0, float('nan')]), from_pandas=True).null_count)"
    )
    assert said(program) == ["1"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is nothing to settle without glibc")
@pytest.mark.parametrize(
    "call", ["work()", "t = threading.Thread(target=work); t.start(); t.join()"], ids=["main", "thread"]
)
def test_columns_that_are_freed_make_room_for_the_next_ones(call: str):
    program = f"""
import resource, threading
import numpy as np
from lakehouse.process import reuse_memory
reuse_memory()
def work():
    for _ in range(200):
        columns = [np.ones(100_000) for _ in range(4)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
{call}
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    faults = int(said(program)[0])
    pages_written = 200 * 4 * 800_000 // 4096
    assert faults < pages_written / 20
