"""Imports have no circle, and point inward: what is deeper in the house knows nothing of what is further out.

All of a module's imports count: those inside of functions, and those for the type checker alone.
"""

import ast
import re
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from cli.table import COMMANDS

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
# Where modules are found, as on Lambda and in the command line: the deeper folder first.
FOLDERS = ("functions/common", "functions", ".")
# The rooms of the house, from the inside out (docs/architecture.md): each may import those before it, and itself.
ROOMS = (
    "lakehouse.errors",
    "lakehouse.domain",
    "lakehouse.part_size",
    "lakehouse.stage",
    "lakehouse.process",
    "lakehouse.clients",
    "lakehouse.engine",
    "lakehouse.personal",
    "lakehouse.contract",
    "lakehouse.lake",
    "lakehouse.versions",
    "lakehouse.parts",
    "lakehouse.orchestration",
    "lakehouse.runtime",
    "lakehouse.lineage",
    "lakehouse.fanout",
    "lakehouse.staging",
    "bronze",
    "silver",
    "gold",
    "forecast",
    "tests",
    "governance",
    "publish",
    "alert",
    "cli.errors",
    "cli.terminal",
    "cli.help",
    "cli.options",
    "cli.embedded",
    "cli.account",
    "cli.preflight",
    "cli.session",
    "cli.building",
    "cli.contracts",
    "cli.planning",
    "cli.difference",
    "cli.running",
    "cli.finding",
    "cli.contents",
    "cli.versioning",
    "cli.iceberg",
    "cli.person",
    "cli.querying",
    "cli.workbook",
    "cli.portal",
    "cli.sample",
    "cli.pages",
    "cli.generated",
    "cli.table",
    "cli.main",
    "cli.completion",
    "cli.commands",
)
# What holds rooms, and is in none: its own file says what it is, and where the project lies.
HOUSES = ("lakehouse", "cli")
# Each layer, its audits and governance are functions of their own: none imports another.
FUNCTIONS = ("bronze", "silver", "gold", "forecast", "tests", "governance", "publish", "alert")


@cache
def sources():
    """Return the file of every module of the project by its name."""
    found = {}
    for pattern in ("functions/**/*.py", "cli/**/*.py"):
        for file in sorted(ROOT.glob(pattern)):
            if file.is_relative_to(ROOT / "functions/dependencies"):
                continue  # builds the layer of wheels: nothing imports it, and it is not deployed
            folder = next(folder for folder in FOLDERS if file.is_relative_to(ROOT / folder))
            parts = file.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported(tree):
    """Yield the names that a module's code imports; of ``from a import b`` both ``a`` and ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


@cache
def imports():
    """Return the modules of the project that each of them imports."""
    return {
        name: {other for other in imported(ast.parse(file.read_text("utf-8"))) if other in sources() and other != name}
        for name, file in sources().items()
    }


def room(module):
    """Return the place of a module's room in `ROOMS`."""
    return next(n for n, name in enumerate(ROOMS) if f"{module}.".startswith(f"{name}."))


def without_packages(edges):
    """Leave out the packages' own files, which say what is in them and import nothing."""
    packages = {name for name, file in sources().items() if file.name == "__init__.py"}
    return {name: others - packages for name, others in edges.items() if name not in packages}


def test_every_module_is_in_a_room():
    assert len(sources()) > 100
    assert {ROOMS[room(name)] for name in sources() if name not in HOUSES} == set(ROOMS)


def test_no_module_imports_itself_by_way_of_others():
    try:
        TopologicalSorter(without_packages(imports())).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("module", [name for name in sources() if name not in HOUSES])
def test_imports_point_inward(module):
    outward = sorted(other for other in imports()[module] if other not in HOUSES and room(other) > room(module))
    assert not outward, f"{module} is in {ROOMS[room(module)]}, and imports {outward}, which is further out"


def test_no_function_imports_another():
    for module, others in imports().items():
        if (own := module.partition(".")[0]) in FUNCTIONS:
            strange = {other for other in others if other.partition(".")[0] in set(FUNCTIONS) - {own}}
            assert not strange, f"{module} imports {strange}"


def test_no_command_is_imported_by_another_nor_by_what_measures():
    """What two commands need is a service, and lives in a room of its own; `cli.main` loads a command by its name."""
    commands = {name for name in sources() if name.startswith("cli.commands.")}
    others = {name: of & commands for name, of in imports().items()}
    for file in sorted(ROOT.glob("bench/**/*.py")):
        others[file.name] = set(imported(ast.parse(file.read_text("utf-8")))) & commands
    assert {name: of for name, of in others.items() if of} == {}


def test_the_docs_list_the_rooms_of_the_command_line_in_their_order():
    listed = re.findall(r"^\| `(cli\.\w+)` \|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE)
    assert listed == [name for name in ROOMS if name.startswith("cli.")]


def test_a_command_is_the_file_of_its_name():
    table = {entry.name for entry in COMMANDS}
    assert {name.removeprefix("cli.commands.") for name in sources() if name.startswith("cli.commands.")} == table


def test_the_contracts_know_nothing_of_the_lake_nor_orchestration_of_anything():
    reached = {other for name, others in imports().items() if name.startswith("lakehouse.contract") for other in others}
    assert not {name for name in reached if name.startswith("lakehouse.lake")}
    reached = {other for name, of in imports().items() if name.startswith("lakehouse.orchestration") for other in of}
    beyond = {name for name in reached if not name.startswith("lakehouse.orchestration")}
    assert beyond <= {"lakehouse.errors", "lakehouse.clients", "lakehouse.stage"}


def test_only_the_publish_lambda_makes_a_version():
    chain = "lakehouse.versions.chain"
    makers = {name for name, file in sources().items() if "committed" in _named(file) and chain in imports()[name]}
    assert makers == {"publish.commit"}
    keys = {name for name, file in sources().items() if "version_key" in _named(file)}
    assert {name for name in keys if not name.startswith("cli.")} == {
        "lakehouse.lake.layout",
        "lakehouse.versions.chain",
    }


def _named(file):
    """Return every name and attribute that a module defines or uses."""
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    names = {getattr(node, "id", None) or getattr(node, "attr", None) for node in nodes}
    return names | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_the_engine_imports_nothing_but_numpy_and_pyarrow():
    for name, file in sources().items():
        if name.startswith("lakehouse.engine."):
            others = {other.partition(".")[0] for other in imported(ast.parse(file.read_text("utf-8")))}
            assert others - set(sys.stdlib_module_names) <= {"numpy", "pyarrow", "lakehouse"}, name
