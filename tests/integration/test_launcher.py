"""The launcher, `importau`, on a machine of its own: a copy of it, and stand-ins for Python, pip and uv on PATH."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# All that the launcher itself may need of a machine, and no more: no Python, no uv, no flock (as on macOS).
TOOLS = (
    "awk",
    "bash",
    "cat",
    "cksum",
    "cut",
    "dirname",
    "env",
    "find",
    "grep",
    "ls",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "sleep",
    "tr",
)
LOCK = (
    "# [main] a\nrich==1\n# [sam] b\naws-sam-cli==1\n# [checks] c\ncheckov==1\n"
    "# [rules] r\ndatacontract-cli==1\n# [bench] d\npolars==1\n# [notebook] e\njupyterlab==1\n"
)
COMMANDS = """# Commands

## importau

```text
Usage: importau [OPTIONS] COMMAND [ARGS]...
```

## importau bench

```text
Usage: importau bench [OPTIONS] COMMAND [ARGS]...
```

## importau bench engine

```text
Usage: importau bench engine [OPTIONS]

  Não mede nada aqui.
```

## importau test

```text
Usage: importau test [OPTIONS]
```
"""
# It answers the launcher's question of what it is, makes environments of stand-ins, and in one says how it was called.
PYTHON = r"""#!/usr/bin/env bash
case $1 in
    -c) if [[ $2 == *version_info\[1\]* ]]; then echo {minor}; else printf '3.{minor}.{patch}\t%s\t{why}\n' "$0"; fi ;;
    -m)
        rm -rf "$4" && mkdir -p "$4/bin"
        for program in python pip uv; do cp "{fakes}/$program" "$4/bin/"; done
        echo {minor} >"$4/minor" ;;
esac
"""
VENV_PYTHON = r"""#!/usr/bin/env bash
here=$(dirname "$0")
if [[ $1 == -c ]]; then cat "$here/../minor"; exit; fi
echo "3.$(cat "$here/../minor") runs:" "${@:7}"
"""
INSTALLER = '#!/usr/bin/env bash\necho "$(basename "$0") $*" >>"{calls}"\n{then}\n'


@dataclass
class Machine:
    """A home folder, a clone with nothing installed, and what is on PATH."""

    home: Path
    path: Path
    fakes: Path
    clone: Path
    calls: Path
    variables: dict[str, str] = field(default_factory=dict)

    def python(self, minor: int, patch: int = 0, *, why: str = "", at: Path | None = None) -> Path:
        """Install a Python 3.`minor`, which may have to say why it is no use."""
        folder = at or self.path
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / (f"python3.{minor}" if at is None else "python3")
        program.write_text(PYTHON.format(minor=minor, patch=patch, why=why, fakes=self.fakes))
        program.chmod(0o755)
        return program

    def installers(self, then: str = "exit 0") -> None:
        for name in ("pip", "uv"):
            program = self.fakes / name
            program.write_text(INSTALLER.format(calls=self.calls, then=then))
            program.chmod(0o755)

    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.path), "HOME": str(self.home), "LC_ALL": "C.UTF-8"} | self.variables

    def run(self, *arguments: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.clone / "importau"), *arguments], cwd=self.home, env=self.environment(), user=user,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def installed(self) -> list[str]:
        """Return the environments that are whole."""
        found = (*self.clone.glob(".venv*/.locked"), *self.clone.glob(".importau/python*/.locked"))
        return sorted(file.parent.name for file in found)

    def times_installed(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.is_file() else 0


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not in pytest's own folder, which no other user may enter; and a path with a space and an accent.
    with tempfile.TemporaryDirectory(prefix="importaú lançador ") as name:
        home = Path(name)
        home.chmod(0o755)
        made = Machine(home, home / "bin", home / "fakes", home / "um clone", home / "calls")
        for folder in (made.path, made.fakes, made.clone / "docs"):
            folder.mkdir(parents=True)
        for tool in (*TOOLS, "basename", "cp"):
            (made.path / tool).symlink_to(str(shutil.which(tool)))
        shutil.copy(ROOT / "importau", made.clone)
        (made.clone / "requirements.lock").write_text(LOCK)
        (made.clone / "docs/commands.md").write_text(COMMANDS)
        (made.fakes / "python").write_text(VENV_PYTHON)
        (made.fakes / "python").chmod(0o755)
        made.installers()
        yield made


# ---- which Python ----------------------------------------------------------------------------------------------------


def test_the_newest_python_is_taken_and_said(machine: Machine) -> None:
    for minor in (11, 13, 12):
        machine.python(minor, 4)
    ran = machine.run("local", "status")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "3.13 runs: local status\n"
    assert ran.stderr == (
        f"importau: installing .venv from requirements.lock, with Python 3.13.4 ({machine.path}/python3.13) ...\n"
    )


def test_a_python_of_pyenvs_is_found_without_being_on_path(machine: Machine) -> None:
    machine.python(11)
    machine.python(12, 1, at=machine.home / ".pyenv/versions/3.12.1/bin")
    assert machine.run("local", "status").stdout == "3.12 runs: local status\n"


@pytest.mark.parametrize("why", ["has no venv (Debian, Ubuntu: apt install python3.13-venv)", "not the usual CPython"])
def test_a_python_that_is_no_use_is_passed_over(machine: Machine, why: str) -> None:
    machine.python(13, why=why)
    machine.python(12)
    assert machine.run("local", "status").stdout == "3.12 runs: local status\n"


def test_a_shim_that_runs_nothing_is_passed_over(machine: Machine) -> None:
    shim = machine.path / "python3.13"
    shim.write_text("#!/usr/bin/env bash\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    machine.python(11)
    assert machine.run("local", "status").stdout == "3.11 runs: local status\n"


def test_without_a_python_one_message_has_all_that_was_found_and_what_to_do(machine: Machine) -> None:
    machine.python(13, why="has no venv (Debian, Ubuntu: apt install python3.13-venv)")
    machine.python(10, 9, why="too old", at=machine.path)
    ran = machine.run("demo")
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "importau: Python 3.11, 3.12 or 3.13 is needed. What was found is none:",
        f"  {machine.path}/python3.13 is 3.13.0: has no venv (Debian, Ubuntu: apt install python3.13-venv)",
        f"  {machine.path}/python3 is 3.10.9: too old",
        "Install one (apt install python3 python3-venv, brew install python@3.13, pyenv, uv), "
        "or name it: IMPORTAU_PYTHON=/path/to/python3",
    ]
    assert machine.installed() == []


def test_the_python_that_is_named_is_taken(machine: Machine) -> None:
    machine.python(13)
    named = machine.python(12, at=machine.home / "só meu")
    machine.variables["IMPORTAU_PYTHON"] = str(named)
    assert machine.run("local", "status").stdout == "3.12 runs: local status\n"


@pytest.mark.parametrize(
    ("name", "said"), [("python3.10", "python3.10 is 3.10.0: too old"), ("python9", "python9: not found")]
)
def test_a_named_python_that_cannot_be_used_is_not_replaced_by_another(machine: Machine, name: str, said: str) -> None:
    machine.python(13)
    machine.python(10, why="too old")
    machine.variables["IMPORTAU_PYTHON"] = name
    ran = machine.run("demo")
    assert ran.returncode == 1
    assert ran.stderr.startswith("importau: IMPORTAU_PYTHON has to name a Python 3.11, 3.12 or 3.13:\n  ")
    assert said in ran.stderr


def test_where_there_is_no_python_uv_brings_one(machine: Machine) -> None:
    managed = machine.home / "managed"
    (machine.path / "uv").write_text(
        "#!/usr/bin/env bash\n"
        f"if [[ $2 == install ]]; then mkdir -p '{managed}'; cp '{machine.fakes}/managed' '{managed}/python3'; fi\n"
        f"if [[ $2 == find && -e '{managed}/python3' && ${{*: -1}} == 3.13 ]]; then echo '{managed}/python3'; fi\n"
    )
    (machine.path / "uv").chmod(0o755)
    machine.python(13, at=machine.home / "made").rename(machine.fakes / "managed")
    ran = machine.run("local", "status")
    assert ran.stdout == "3.13 runs: local status\n", ran.stderr
    assert ran.stderr.startswith("importau: no Python 3.11, 3.12 or 3.13 was found; uv installs 3.13 ...\n")


# ---- what is installed, and when -------------------------------------------------------------------------------------


def test_an_environment_is_made_once_and_stays_when_a_newer_python_comes(machine: Machine) -> None:
    machine.python(11)
    machine.run("local", "status")
    before = machine.times_installed()
    machine.python(13)
    ran = machine.run("local", "status")
    assert (ran.stdout, ran.stderr) == ("3.11 runs: local status\n", "")
    assert machine.times_installed() == before > 0


def test_another_named_python_makes_the_environment_anew(machine: Machine) -> None:
    machine.python(11)
    machine.python(13)
    machine.variables["IMPORTAU_PYTHON"] = "python3.11"
    assert machine.run("local", "status").stdout == "3.11 runs: local status\n"
    machine.variables["IMPORTAU_PYTHON"] = "python3.13"
    assert machine.run("local", "status").stdout == "3.13 runs: local status\n"


def test_a_python_that_is_gone_makes_the_environment_anew(machine: Machine) -> None:
    machine.python(13)
    machine.run("local", "status")
    python = machine.clone / ".venv/bin/python"
    python.unlink()
    python.symlink_to(machine.home / "gone")
    assert machine.run("local", "status").stdout == "3.13 runs: local status\n"


@pytest.mark.parametrize(("section", "again"), [("rich", True), ("polars", False)])
def test_a_change_of_the_lock_makes_the_environments_anew_that_it_is_of(
    machine: Machine, section: str, again: bool
) -> None:
    machine.python(13)
    machine.run("local", "status")
    before = machine.times_installed()
    (machine.clone / "requirements.lock").write_text(LOCK.replace(f"{section}==1", f"{section}==2"))
    machine.run("local", "status")
    assert (machine.times_installed() > before) is again


@pytest.mark.parametrize(
    ("arguments", "environments"),
    [
        (("plan", "--orders", "5"), [".venv"]),
        (("plan", "--orders", "5", "--check"), [".venv", ".venv-sam"]),
        (("demo",), [".venv", ".venv-sam"]),
        (("--install",), [".venv", ".venv-sam"]),
        (("bench", "engine"), [".venv", ".venv-bench", ".venv-sam"]),
        (("generate",), [".venv"]),
        (("docs",), [".venv", ".venv-checks"]),
        (("test", "tests/unit"), [".venv", ".venv-checks", ".venv-sam"]),
        (("notebook", "--local"), [".venv", ".venv-notebook"]),
        (("test", "-k", "x", "tests/e2e"), [".venv", ".venv-checks", ".venv-notebook", ".venv-rules", ".venv-sam"]),
        (("audit", "--local", "--independent"), [".venv", ".venv-rules", ".venv-sam"]),
        (
            ("test",),
            [".venv", ".venv-checks", ".venv-notebook", ".venv-rules", ".venv-sam", "python3.11", "python3.12"],
        ),
    ],
)
def test_a_command_installs_what_it_needs(
    machine: Machine, arguments: tuple[str, ...], environments: list[str]
) -> None:
    for minor in (11, 12, 13):
        machine.python(minor)
    assert machine.run(*arguments).returncode == 0
    assert machine.installed() == environments


@pytest.mark.parametrize("tool", ["sha256sum", "shasum", None])
def test_any_of_the_programs_that_make_a_checksum_will_do(machine: Machine, tool: str | None) -> None:
    machine.python(13)
    if tool is not None:
        (machine.path / tool).symlink_to(str(shutil.which(tool) or shutil.which("sha256sum")))
    assert machine.run("local", "status").returncode == 0
    assert machine.run("local", "status").stderr == ""


# ---- help installs nothing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        ((), "Usage: importau [OPTIONS] COMMAND [ARGS]..."),
        (("--help",), "Usage: importau [OPTIONS] COMMAND [ARGS]..."),
        (("-h",), "Usage: importau [OPTIONS] COMMAND [ARGS]..."),
        (("help",), "Usage: importau [OPTIONS] COMMAND [ARGS]..."),
        (("help", "test"), "Usage: importau test [OPTIONS]"),
        (("test", "--help"), "Usage: importau test [OPTIONS]"),
        (("bench", "--orders", "5", "-h"), "Usage: importau bench [OPTIONS] COMMAND [ARGS]..."),
        (("bench", "engine", "--help"), "Usage: importau bench engine [OPTIONS]\n\n  Não mede nada aqui."),
    ],
)
def test_help_on_a_fresh_clone_is_printed_and_nothing_is_installed(
    machine: Machine, arguments: tuple[str, ...], usage: str
) -> None:
    ran = machine.run(*arguments)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{usage}\n", "")
    assert not (machine.clone / ".venv").exists()


def test_help_in_an_installed_clone_is_the_page_s_as_long_as_no_command_is_newer(machine: Machine) -> None:
    machine.python(13)
    machine.run("local", "status")
    assert (
        machine.run("bench", "engine", "--help").stdout
        == "Usage: importau bench engine [OPTIONS]\n\n  Não mede nada aqui.\n"
    )
    page, command = machine.clone / "docs/commands.md", machine.clone / "cli/commands/bench.py"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.touch()
    os.utime(command, (page.stat().st_atime, page.stat().st_mtime + 1))
    assert machine.run("bench", "engine", "--help").stdout == "3.13 runs: bench engine --help\n"
    assert machine.installed() == [".venv"]


def test_help_of_a_command_there_is_not_is_left_to_the_command_line_where_it_is_installed(machine: Machine) -> None:
    machine.python(13)
    machine.run("local", "status")
    assert machine.run("bogus", "--help").stdout == "3.13 runs: bogus --help\n"


def test_a_help_option_of_another_program_is_none_of_ours(machine: Machine) -> None:
    machine.python(13)
    assert machine.run("test", "--", "--help").stdout == "3.13 runs: test -- --help\n"


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: Could not find a version that satisfies the requirement", "is the package index reachable?"),
    ],
)
def test_an_installation_that_fails_says_why_in_one_line_and_is_done_again(
    machine: Machine, said: str, why: str
) -> None:
    machine.python(13)
    machine.installers(f"echo '{said}' >&2; exit 1")
    ran = machine.run("local", "status")
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[1:] == [
        f"importau: uv could not be installed: {why} (what was said: {machine.clone}/.importau/install.log)"
    ]
    assert said in (machine.clone / ".importau/install.log").read_text()
    assert machine.installed() == []
    machine.installers()
    assert machine.run("local", "status").returncode == 0


def test_where_uv_reaches_no_index_pip_is_tried(machine: Machine) -> None:
    machine.python(13)
    machine.installers('[[ $(basename "$0") == pip ]]')
    assert machine.run("local", "status").returncode == 0
    last = machine.calls.read_text().splitlines()[-1]
    assert last.startswith("pip install") and "--require-hashes" in last


def test_a_clone_that_cannot_be_written_to_says_so_in_one_line(machine: Machine) -> None:
    machine.python(13)
    nobody = 65534
    if os.geteuid() != 0:
        machine.clone.chmod(0o555)
    ran = machine.run("demo", user=nobody if os.geteuid() == 0 else None)
    machine.clone.chmod(0o755)
    assert ran.returncode == 1
    assert ran.stderr == (
        f"importau: nothing can be written in {machine.clone}, where the environments belong: is it yours, "
        "and the disk not full?\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_installation_ends_at_once_in_one_line_and_is_not_taken_for_whole(
    machine: Machine, number: signal.Signals
) -> None:
    machine.python(13)
    machine.installers(f'echo $$ >"{machine.home}/installer"; sleep 60')
    with subprocess.Popen(
        [str(machine.clone / "importau"), "demo"], env=machine.environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as running:  # fmt: skip
        pid = _written(machine.home / "installer")
        os.kill(running.pid, number)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert re.fullmatch(r"importau: installing .*\nimportau: interrupted\n", said)
    assert machine.installed() == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def _written(file: Path) -> int:
    """Wait for a process to write its number down."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if file.is_file() and file.read_text().endswith("\n"):
            return int(file.read_text())
        time.sleep(0.01)
    raise AssertionError(f"{file} was not written")


def test_ctrl_c_while_the_command_line_loads_is_one_line(machine: Machine) -> None:
    """With a real interpreter: what it runs first is a stand-in for the command line that waits to be interrupted."""
    (machine.clone / "cli").mkdir()
    ready = machine.home / "ready"
    (machine.clone / "cli/__init__.py").touch()
    (machine.clone / "cli/main.py").write_text(
        f"import os, time\nopen({str(ready)!r}, 'w').write(f'{{os.getpid()}}\\n')\ntime.sleep(60)\n"
    )
    machine.python(13)
    machine.run("local", "status")
    python = machine.clone / ".venv/bin/python"
    python.unlink()
    python.symlink_to(sys.executable)
    with subprocess.Popen(
        [str(machine.clone / "importau"), "local", "status"], env=machine.environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as running:  # fmt: skip
        os.kill(_written(ready), signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert (running.returncode, said) == (130, "importau: interrupted\n")
