"""The engines that are measured, and the jobs they do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli import ROOT

SILVER_GOLD: Final = "silver-gold"
END_TO_END: Final = "end-to-end"
BRONZE: Final = "bronze"
SYNTHETIC: Final = "synthetic"
# What `bench.shapes` makes: exports of several shapes, from the CSVs to Gold, and to Bronze by this project's engine.
SHAPES_END_TO_END: Final = "shapes-end-to-end"
SHAPES_BRONZE: Final = "shapes-bronze"
# The function of an engine's module that does a job: it takes the folder of the inputs and that of the outputs.
FUNCTIONS: Final[Mapping[str, str]] = {
    SILVER_GOLD: "main",
    END_TO_END: "end_to_end",
    BRONZE: "bronze",
    SYNTHETIC: "synthetic",
    SHAPES_END_TO_END: "end_to_end",
    SHAPES_BRONZE: "bronze",
}
OURS: Final = "importau"


@dataclass(frozen=True)
class Engine:
    """One engine: its names, and the modules with its jobs.

    Attributes
    ----------
    name : str
    title : str
        Its name on the page.
    module, from_csv : str
        The modules with its jobs: Silver and Gold, and those that begin with the CSVs.
    does : frozenset of str
        The jobs it does.
    prepares : bool
        Its module has ``prepare(source, target)``, which writes the inputs in the layout it reads best, unmeasured.
    needs : str
        A program that it needs; "" when there is none.
    is_shortcut : bool
        It goes from the CSVs to Gold without bronze tables, by its module's ``straight``: it shows what those cost,
        and is no peer, as it does less.
    is_floor : bool
        It only reads the inputs and writes the finished fact. Its module has ``load(source)``, whose result, computed
        unmeasured, is the last argument of its job.
    """

    name: str
    title: str
    module: str
    from_csv: str
    does: frozenset[str]
    prepares: bool = False
    needs: str = ""
    is_shortcut: bool = False
    is_floor: bool = False

    @property
    def ours(self) -> bool:
        """Whether this is the project's engine."""
        return self.name == OURS

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return ROOT / (".venv" if self.ours else ".venv-bench") / "bin/python"

    def module_of(self, job: str) -> str:
        """Return the module that has a job."""
        return self.module if job == SILVER_GOLD else self.from_csv

    def function_of(self, job: str) -> str:
        """Return the function of that module that does the job."""
        return "straight" if self.is_shortcut else FUNCTIONS[job]


def _peer(name: str, title: str, *does: str, prepares: bool = False, needs: str = "") -> Engine:
    module = f"bench.peers.{name}"
    return Engine(name, title, module, module, frozenset({SILVER_GOLD, END_TO_END, *does}), prepares, needs)


def _shortcut(name: str, title: str) -> Engine:
    module = f"bench.peers.{name}"
    return Engine(f"{name}_straight", title, module, module, frozenset({END_TO_END}), is_shortcut=True)


def _general(name: str, title: str) -> Engine:
    module = f"bench.peers.{name}"
    return Engine(name, title, module, module, frozenset({SHAPES_END_TO_END}))


def _floor(name: str, title: str) -> Engine:
    module = f"bench.floors.{name}"
    return Engine(name, title, module, module, frozenset({SILVER_GOLD}), is_floor=True)


ENGINES: Final = (
    Engine(
        OURS, "IMPORTAÚ (pyarrow and numpy)", "bench.ours", "bench.ours_end_to_end", frozenset(FUNCTIONS), prepares=True
    ),
    _peer("polars_tuned", "Polars, tuned", BRONZE, prepares=True),
    _peer("duckdb_tuned", "DuckDB, tuned", prepares=True),
    _peer("pandas_student", "pandas, as a student writes it"),
    _peer("pyspark_local", "PySpark, local mode", needs="java"),
    _shortcut("polars_tuned", "without bronze tables: Polars"),
    _shortcut("duckdb_tuned", "without bronze tables: DuckDB"),
    _general("polars_general", "Polars, any text"),
    _general("duckdb_general", "DuckDB, any text"),
    _floor("polars_floor", "floor: Polars"),
    _floor("pyarrow_floor", "floor: pyarrow, with dictionaries"),
    _floor("duckdb_floor", "floor: DuckDB"),
)
OUR_ENGINE: Final = ENGINES[0]
# The peers that take exports of any shape.
GENERAL: Final = tuple(engine for engine in ENGINES if SHAPES_END_TO_END in engine.does and not engine.ours)
# Measured beside the engines without being one, as it does less.
ASIDE: Final = frozenset(engine.name for engine in ENGINES if engine.is_floor or engine.is_shortcut)
