"""Completion: bash's own function is called as bash calls it; what the other shells get is compared with that."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli import ROOT
from cli.commands.completion import script
from cli.completion import Shell, candidates
from cli.main import app


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone whose path has a space, an accent and a quote."""
    folder = tmp_path / "o lugar d'água"
    folder.mkdir()
    for name in ("cli", "functions", "glue", "importau", "samconfig.toml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture
def complete(clone: Path) -> Callable[..., list[str]]:
    def completed(*words: str) -> list[str]:
        """Return what bash offers when the tabulator is pressed after the last word."""
        program = "\n".join(
            [
                script(Shell.bash, clone),
                f"COMP_WORDS=({shlex.join(words)})",
                f"COMP_CWORD={len(words) - 1}",
                f"_importau_completion {shlex.quote(words[0])}",
                '((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"',
            ]
        )
        ran = subprocess.run(
            ["bash", "--norc", "-eu"], input=program, cwd=clone, capture_output=True, text=True, check=True
        )
        assert ran.stderr == ""
        return ran.stdout.splitlines()

    return completed


@pytest.mark.parametrize("program", ["./importau", "importau", "~/importau"])
def test_bash_completes_commands_however_the_program_is_called(
    complete: Callable[..., list[str]], program: str
) -> None:
    assert complete(program, "de") == ["demo", "deploy", "destroy"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("local", "s"), ["status"]),
        (("help", "ve"), ["versions", "verify", "version"]),
        (("help", "local", "re"), ["reset"]),
        (("run", "s"), ["silver"]),
        (("run", "silver", "--lo"), ["--local"]),
        (("logs", "teste-g"), ["teste-gold"]),
        (("search", "--type", "p"), ["pipeline", "pii"]),
        (("search", "--type", "=", "p"), ["pipeline", "pii"]),
        (("search", "--type", "="), ["table", "file", "column", "task", "pipeline", "pii"]),
        (("lineage", "agregado_f"), ["agregado_fluxo_de_caixa_mensal"]),
        (("lineage", "cambio.taxa_p"), ["cambio.taxa_ptax"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("docs", "x"), []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bash_completes_commands_options_and_values(
    complete: Callable[..., list[str]], words: Sequence[str], offered: Sequence[str]
) -> None:
    assert complete("./importau", *words) == list(offered)


def test_what_has_no_candidates_is_left_to_bash_which_completes_files(complete: Callable[..., list[str]]) -> None:
    assert complete("./importau", "export", "") == []
    assert "complete -o bashdefault -o default" in script(Shell.bash, ROOT)


def test_a_clone_that_has_not_run_yet_completes_nothing_and_installs_nothing(
    clone: Path, complete: Callable[..., list[str]]
) -> None:
    (clone / ".venv").unlink()
    assert complete("./importau", "de") == []
    assert not (clone / ".venv").exists()


def test_an_option_joined_to_its_value_is_one_word_to_zsh_and_fish() -> None:
    root = get_command(app)
    assert candidates(root, ["search", "--type=p"], joined=True) == [("--type=pipeline", ""), ("--type=pii", "")]
    assert candidates(root, ["search", "--type=p"], joined=False) == [("pipeline", ""), ("pii", "")]


def test_commands_and_options_come_with_a_word_of_help() -> None:
    root = get_command(app)
    assert dict(candidates(root, ["d"], joined=True))["deploy"].startswith("Build and deploy")
    assert (
        dict(candidates(root, ["run", "--"], joined=True))["--csv-dir"]
        == "A folder with the exported CSVs, also as .csv.gz or .zip."
    )


@pytest.mark.parametrize("shell", Shell)
def test_the_command_prints_the_script_of_a_shell(shell: Shell) -> None:
    assert CliRunner().invoke(app, ["completion", shell]).stdout == f"{script(shell, ROOT)}\n"


@pytest.mark.parametrize("shell", Shell)
def test_a_script_can_be_read_by_its_shell(shell: Shell, clone: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    text = script(shell, clone)
    assert "@" not in text.replace("(@Q)", "").replace("[@]", "")  # nothing is left to be filled in
    subprocess.run([shell, "-n"], input=text, text=True, check=True)


def test_fish_completes_with_help(clone: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    program = f"{script(Shell.fish, clone)}\ncomplete -C './importau dep'\ncomplete -C 'importau search --type=co'"
    ran = subprocess.run(["fish", "--no-config"], input=program, cwd=clone, capture_output=True, text=True, check=True)
    assert [line.split("\t")[0] for line in ran.stdout.splitlines()] == ["deploy", "--type=column"]
