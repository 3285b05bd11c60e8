"""`importau notebook`: the notebook in Jupyter, on this lakehouse; or run from beginning to end, as a page."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Final

import typer

from cli import ROOT, options
from cli.contents.claiming import claim
from cli.errors import CliError, UsageError
from cli.session import Aws, connect
from cli.terminal import present

NOTEBOOK: Final = ROOT / "notebooks/exploracao.ipynb"
_ENVIRONMENT: Final = ROOT / ".venv-notebook"
_PAGE: Final = Path("out/exploracao.html")
_CELL_SECONDS: Final = 600
# The page asks nobody for scripts: it has neither formulas nor controls.
_ALONE: Final = ("--HTMLExporter.mathjax_url=", "--HTMLExporter.require_js_url=")
# Nobody else reaches it, and it asks nobody for news: what it reads is the lakehouse.
_JUPYTER: Final = (
    "--ServerApp.ip=127.0.0.1", "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly",
)  # fmt: skip


def notebook(  # noqa: PLR0917 - an argument an option
    execute: Annotated[
        bool, typer.Option("--execute", help="Run all of it instead, and write it as a page, with its pictures.")
    ] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="With --execute: where the page goes.")
    ] = _PAGE,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Explore the lake with pandas and awswrangler: five questions, a lineage, the forecast; in Portuguese.

    Jupyter opens a copy, out/exploracao.ipynb, for this machine alone. A copy that is there is yours, and stays: delete
    it to begin anew. The notebook only reads.
    """
    file = output.expanduser()
    if execute:
        claim(file, NOTEBOOK.stem, "page of the notebook")
    if not (_ENVIRONMENT / "bin/python").exists():
        raise CliError("the notebook has no environment yet", "The launcher makes it: `./importau notebook`.")
    aws = connect(local, stack, region, profile, stage)
    from cli.contents.opening import opened

    number = opened(aws).number  # where nothing was published, there is nothing to explore
    if execute:
        with present.step(f"notebook on version {number}"):
            _execute(file, _variables(aws, profile))
        present.done(f"the page is in {present.place(file)}; open it in a browser")
        return
    copy = Path("out") / NOTEBOOK.name
    if copy.exists():
        present.say(f"{copy} is yours, and opened as it is; delete it to begin anew")
    else:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(NOTEBOOK, copy)
    root = ("--allow-root",) if os.geteuid() == 0 else ()
    command = [*_python(), "-m", "jupyterlab", str(copy.resolve()), *_JUPYTER, *root]
    os.execve(command[0], command, _variables(aws, profile))  # noqa: S606 - Jupyter takes this process's place


def _python() -> list[str]:
    return [str(_ENVIRONMENT / "bin/python"), "-X", "utf8"]


def _variables(aws: Aws, profile: str | None) -> dict[str, str]:
    """Return the environment in which every AWS library finds the lakehouse."""
    from cli.session import embedded_aws

    if aws.endpoint is not None:
        endpoint = embedded_aws().status()
        if endpoint is None:
            raise CliError("the embedded AWS has been stopped", "Start it: `./importau local up`.")
        return endpoint.process_environment() | {"IMPORTAU_STACK": aws.stack}
    named = {"AWS_PROFILE": profile, "AWS_DEFAULT_REGION": aws.session.region_name, "IMPORTAU_STACK": aws.stack}
    return dict(os.environ) | {name: value for name, value in named.items() if value}


def _execute(file: Path, variables: dict[str, str]) -> None:
    """Run the notebook, and write its page, whole or not at all."""
    beside = file.with_name(f".{file.stem}.new.html")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(b"")
    except OSError as error:
        raise UsageError(f"{error.filename or file} cannot be written: {error.strerror}") from error
    command = [
        *_python(), "-m", "nbconvert", "--to", "html", "--execute", str(NOTEBOOK), "--output-dir", str(beside.parent),
        "--output", beside.name, f"--ExecutePreprocessor.timeout={_CELL_SECONDS}", *_ALONE,
    ]  # fmt: skip
    ran = subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ran.returncode:
        beside.unlink(missing_ok=True)
        why = ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"]
        raise CliError(f"the notebook stopped: {why[-1]}", "Run it cell by cell to see where: `./importau notebook`.")
    beside.replace(file)
