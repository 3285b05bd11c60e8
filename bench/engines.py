"""The engines that are measured, and the jobs they do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli import ROOT

SILVER_GOLD: Final = "silver-gold"
END_TO_END: Final = "end-to-end"
BRONZE: Final = "bronze"
FLOOR: Final = "floor"

_OURS: Final = ROOT / ".venv/bin/python"
_THEIRS: Final = ROOT / ".venv-bench/bin/python"


@dataclass(frozen=True)
class Engine:
    """One engine: how it is called here, and where its jobs are.

    Attributes
    ----------
    name : str
    title : str
        For the page.
    module : str
        Has ``main(source, target)``: seven Parquet files in, the fact and the aggregates out.
    end_to_end, bronze : str or None
        The module with ``end_to_end(source, target)`` and ``bronze(source, target)``, from CSVs; None: it does not.
    prepares : bool
        Its module has ``prepare(source, target)``: the inputs in the layout it reads best, made before the clock.
    needs : str
        A program that must be there; "" when there is none.
    """

    name: str
    title: str
    module: str
    end_to_end: str | None = None
    bronze: str | None = None
    prepares: bool = False
    needs: str = ""

    @property
    def ours(self) -> bool:
        """Whether this is the project's engine."""
        return self.name == OURS

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return _OURS if self.ours else _THEIRS


OURS: Final = "importau"
ENGINES: Final = (
    Engine(OURS, "IMPORTAÚ (pyarrow and numpy)", "bench.ours", "bench.ours_end_to_end", "bench.ours_end_to_end"),
    Engine("polars_tuned", "Polars, tuned", "bench.peers.polars_tuned", "bench.peers.polars_tuned",
           "bench.peers.polars_tuned", prepares=True),
    Engine("duckdb_tuned", "DuckDB, tuned", "bench.peers.duckdb_tuned", "bench.peers.duckdb_tuned", prepares=True),
    Engine("pandas_student", "pandas, as a student writes it", "bench.peers.pandas_student",
           "bench.peers.pandas_student"),
    Engine("pyspark", "PySpark, local mode", "bench.peers.pyspark_local", "bench.peers.pyspark_local", needs="java"),
)  # fmt: skip
FLOORS: Final = (
    Engine("floor_polars", "Polars", "bench.floors.polars_floor", prepares=False),
    Engine("floor_pyarrow", "pyarrow, with dictionaries", "bench.floors.pyarrow_floor"),
    Engine("floor_duckdb", "DuckDB", "bench.floors.duckdb_floor"),
)
