"""The contracts of commits: which commit they have to follow from, and that a change without its version is refused."""

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands import contracts as command
from cli.commands import deploy
from cli.contracts import checked, commits
from cli.errors import CliError, UsageError
from cli.main import app
from lakehouse.contract import layers
from lakehouse.contract.additions import Addition, with_columns
from lakehouse.contract.model import load

TABLE = "cambio"
TEXT = layers.text_of(TABLE)
VERSION = load(TABLE).version
BROKEN = TEXT.replace("      - name: moeda\n", "      - name: divisa\n")
MENDED = BROKEN.replace(f"version: {VERSION}", "version: 2.0.0")


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    ran = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


class Clone:
    """A clone with one contract."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / layers.place_of(TABLE)
        self.path.parent.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch", "main")

    def write(self, text: str) -> None:
        self.path.write_text(text, "utf-8")

    def commit(self, text: str, message: str = "x") -> str:
        self.write(text)
        git(self.folder, "add", ".")
        git(self.folder, "commit", "--quiet", "--allow-empty", "-m", message)
        return git(self.folder, "rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    made = Clone(tmp_path)
    monkeypatch.delenv(commits.VARIABLE, raising=False)
    monkeypatch.setattr(commits, "here", lambda: {TABLE: made.path.read_text("utf-8")})
    for module in (command, deploy):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return made


def base(clone: Clone) -> str:
    found = commits.base_of(clone.folder)
    assert found is not None
    return found.commit


def test_on_the_main_branch_it_is_the_commit_before_or_this_one_where_a_contract_was_changed_since(
    clone: Clone,
) -> None:
    first = clone.commit(TEXT)
    assert commits.base_of(clone.folder) is None
    second = clone.commit(TEXT)
    assert base(clone) == first
    clone.write(BROKEN)
    assert base(clone) == second


def test_on_a_branch_it_is_where_that_left_the_main_one_however_many_commits_there_are(clone: Clone) -> None:
    first = clone.commit(TEXT)
    git(clone.folder, "switch", "--quiet", "-c", "mine")
    clone.commit(TEXT)
    clone.commit(MENDED)
    assert base(clone) == first


def test_a_merge_is_compared_with_what_it_was_merged_into(clone: Clone) -> None:
    clone.commit(TEXT)
    git(clone.folder, "switch", "--quiet", "-c", "mine")
    clone.commit(MENDED)
    clone.commit(MENDED)
    git(clone.folder, "switch", "--quiet", "main")
    (clone.folder / "other").touch()
    before = clone.commit(TEXT)
    git(clone.folder, "merge", "--quiet", "--no-ff", "-m", "merged", "mine")
    assert base(clone) == before


def test_what_continuous_integration_names_counts_and_what_is_no_commit_does_not(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = clone.commit(TEXT)
    second = clone.commit(TEXT)
    clone.commit(TEXT)
    monkeypatch.setenv(commits.VARIABLE, first)
    assert base(clone) == first
    for none in ("0" * 40, "", "--help"):
        monkeypatch.setenv(commits.VARIABLE, none)
        assert base(clone) == second


def test_a_shallow_clone_fails_with_what_to_do_and_a_folder_without_git_is_not_compared(
    clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone.commit(TEXT)
    clone.commit(TEXT)
    shallow = tmp_path_factory.mktemp("shallow")
    git(shallow, "clone", "--quiet", "--depth", "1", f"file://{clone.folder}", ".")
    with pytest.raises(CliError) as refused:
        commits.base_of(shallow)
    assert "git fetch --unshallow" in refused.value.fix
    assert commits.base_of(tmp_path_factory.mktemp("none")) is None


def test_a_change_without_its_version_is_refused_with_all_that_is_to_be_known(clone: Clone) -> None:
    clone.commit(TEXT)
    clone.commit(TEXT)
    assert checked.check(clone.folder) == []
    clone.write(BROKEN)
    with pytest.raises(CliError) as refused:
        checked.check(clone.folder)
    assert (
        f"{TABLE}: its version stays {VERSION}, and the changes are breaking: it needs 2.0.0" in refused.value.message
    )
    assert f"{TABLE}.moeda: the column was renamed divisa (breaking)" in refused.value.message
    clone.write(MENDED)
    (found,) = checked.check(clone.folder)
    assert (found.before, found.after, found.problem) == (VERSION, "2.0.0", "")


def test_a_column_that_nobody_has_described_is_refused(clone: Clone) -> None:
    clone.commit(TEXT)
    clone.write(with_columns(TEXT, [Addition("nova", "string", False, 1, 0)]))
    with pytest.raises(CliError, match=r"glue/contracts/bronze/cambio.odcs.yaml: nova"):
        checked.check(clone.folder)


def test_the_commands_say_it_with_their_exit_codes(clone: Clone) -> None:
    clone.commit(TEXT)
    clone.write(BROKEN)
    run = CliRunner().invoke
    assert run(app, ["contracts", "check"]).exit_code == 1
    shown = run(app, ["contracts", "diff"])
    assert (shown.exit_code, "breaking" in shown.stdout, "the column was renamed divisa" in shown.stdout) == (
        0,
        True,
        True,
    )
    assert run(app, ["contracts", "diff", "nowhere"]).exit_code == 2
    clone.write(MENDED)
    assert run(app, ["contracts", "check", "HEAD"]).exit_code == 0
    assert "no contract differs" in run(app, ["contracts", "diff", clone.commit(MENDED)]).stderr


def test_contracts_of_a_commit_are_those_of_the_layers_alone(clone: Clone) -> None:
    (clone.folder / "glue/contracts/owners.yaml").write_text("x")
    assert commits.at(clone.folder, clone.commit(TEXT)) == {TABLE: TEXT}
    with pytest.raises(UsageError, match="no commit 'x'"):
        commits.at(clone.folder, "x")


def test_the_contract_of_a_fingerprint_is_found_in_the_history(clone: Clone) -> None:
    from hashlib import sha256

    clone.commit(TEXT)
    clone.commit(MENDED)
    found = commits.with_sha256(clone.folder, TABLE, sha256(TEXT.encode()).hexdigest())
    assert found == TEXT
    assert commits.with_sha256(clone.folder, TABLE, "0" * 64) is None


# ---- before a deployment ---------------------------------------------------------------------------------------------


def test_nothing_is_deployed_over_contracts_that_it_may_not_follow(clone: Clone) -> None:
    deployed = clone.commit(TEXT)

    def deploys(commit: str) -> None:
        deploy._contracts_follow({"Parameters": [{"ParameterKey": "Commit", "ParameterValue": commit}]})

    clone.commit(BROKEN)
    with pytest.raises(CliError, match=f"since {deployed[:12]}, which is deployed"):
        deploys(f"{deployed}-dirty")
    later = clone.commit(MENDED)
    deploys(deployed)
    deploys("f" * 40)
    deploys("")
    # The code of that time comes back with its contracts.
    git(clone.folder, "switch", "--quiet", "--detach", deployed)
    deploys(later)
