"""pyarrow goes without pandas in a Lambda, and whoever wants pandas still gets it."""

import subprocess
import sys
from pathlib import Path

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
