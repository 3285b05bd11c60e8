"""Somebody who types every command of a page, one after the other, and what is to come of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import boto3
import pytest
from pages import blocks, commands
from terminal import Terminal, Typed, environment_of_nobody
from working_copy import working_copy

from cli import ROOT
from cli.embedded.endpoint import ACCOUNT, REGION, Endpoint
from cli.embedded.server import EmbeddedAws

PAGES = ("README.md", "LEIAME.md")
# What is typed elsewhere, and where: every other command is typed here.
ELSEWHERE = {
    "./importau test": "CI runs it, and so these tests",
    "./importau local up --docker": "with Docker: tests/parity/test_runtime.py",
    "sam build --config-env docker": "with Docker: tests/parity/test_runtime.py",
    "sam local invoke BronzeFunction -e events/bronze.json": "with Docker: tests/parity/test_runtime.py",
    "./importau bench engine --check": "needs the engines it compares: tests/unit/test_bench.py has the rest",
    "./importau bench engine --orders 1000000": "measures for many minutes",
    "./importau bench --cold": "measures for many minutes: tests/unit/test_bench_cold.py",
    "./importau demo --orders 200000": "tests/e2e/test_parts.py has a larger run",
    "scripts/02-bucket.sh --bucket importau-lakehouse-turma2": "another bucket: tests/integration/test_aws_cli.py",
    "export IMPORTAU_BUCKET=importau-lakehouse-turma2": "another bucket: tests/integration/test_aws_cli.py",
    "scripts/04-deploy.sh --role arn:aws:iam::123456789012:role/OutroPapel": "another role: test_execution_role.py",
}
# Commands that go on until Ctrl-C, by what they show before it is typed, and how they may end then.
ENDLESS = {"--serve": r"http://127\.0\.0\.1:\d+", "--tail": r"staged|INIT_START|START RequestId|\{"}
# What a page takes for granted before a command: that it was done somewhere above, in prose or in another block.
BEFORE = {
    "./importau versions": (
        "./importau deploy --yes",
        "./importau run --csv-dir csv_exports",
        "./importau run --force",
    ),
    "./importau search": ("./importau deploy --yes", "./importau run --csv-dir csv_exports"),
    "sam logs": ("./importau run bronze --csv-dir csv_exports",),
    "./importau destroy --delete-data": ("./importau deploy --yes",),
}
ANSWERS = {
    r"(Whose data\?|Dados de quem\?).*?:": "fabio.moraes",
    r"Make these \d+ changes\? \(y/n\).*?:": "y",
    r"Make this change\? \(y/n\).*?:": "y",
    r"Fazer estas \d+ mudanças\? \(s/n\).*?:": "s",
    r"Go back to version \d+\? \(y/n\).*?:": "y",
    r"Type importau to go on.*?:": "importau",
    r"Type importau-lakehouse-root-000000000000 to go on.*?:": "importau-lakehouse-root-000000000000",
    r"Digite importau para continuar.*?:": "importau",
}


@dataclass
class Reader:
    """Somebody who types what a page says, in a checkout of their own, on an account that is an embedded AWS.

    Attributes
    ----------
    page : Path
    server : EmbeddedAws
    endpoint : Endpoint
    terminal : Terminal
    typed : list of Typed
    """

    page: Path
    server: EmbeddedAws
    endpoint: Endpoint
    terminal: Terminal
    typed: list[Typed] = field(default_factory=list)

    def begins_anew(self) -> None:
        """Have an empty account with LabRole, and the bucket in which the SAM CLI keeps code."""
        self.endpoint.reset()
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": '
        trust += '{"Service": ["lambda.amazonaws.com", "states.amazonaws.com", "glue.amazonaws.com"]}}]}'
        iam = session.client("iam", endpoint_url=self.endpoint.url)
        iam.create_role(RoleName="LabRole", AssumeRolePolicyDocument=trust)
        anything = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
        iam.put_role_policy(RoleName="LabRole", PolicyName="laboratory", PolicyDocument=anything)
        self.endpoint.make_bucket("code-of-sam")

    def types(self, command: str) -> None:
        """Type a command of the page."""
        for start, needed in BEFORE.items():
            for other in needed if command.startswith(start) else ():
                self.terminal.types(other)
        until = next((shown for option, shown in ENDLESS.items() if option in command), None)
        own = command.replace("123456789012", ACCOUNT)
        self.typed.append(self.terminal.types(own, until))


def checkout(folder: Path) -> Path:
    """Copy the project; on the embedded AWS there are no public layers, and the SAM CLI's own bucket cannot be made."""
    working_copy(folder)
    for name, before, after in (
        ("samconfig.toml", "resolve_s3 = true", 's3_bucket = "code-of-sam"'),
        (
            "samconfig.toml",
            "[default.build.parameters]\n",
            '[default.build.parameters]\nexclude = ["DependenciesLayer"]\n',
        ),
        ("template.yaml", "    Default: managed\n", "    Default: local\n"),
    ):
        text = (folder / name).read_text("utf-8")
        assert before in text
        (folder / name).write_text(text.replace(before, after, 1), "utf-8")  # of no stage, which comes first
    return folder


@contextmanager
def who_types(page: str, home: Path) -> Iterator[Reader]:
    """Yield a reader who has typed a whole page, in a checkout of their own."""
    server = EmbeddedAws(home / "account")
    folder = checkout(home / "o projeto")
    with server as endpoint:
        environment = environment_of_nobody(
            home, LC_ALL="C.UTF-8", IMPORTAU_HOME=str(home / "importau"), IMPORTAU_PYTHON="", **endpoint.environment()
        )
        with Terminal(folder, environment, ANSWERS) as terminal:
            reader = Reader(ROOT / page, server, endpoint, terminal)
            reader.begins_anew()
            for block in blocks(reader.page, "bash"):
                typed = [command for command in commands(block) if command not in ELSEWHERE]
                if "sam build" in typed:  # by hand, in place of what was done before
                    reader.begins_anew()
                if typed[:1] == ["./importau destroy"]:
                    terminal.types("./importau deploy --yes")
                for command in typed:
                    reader.types(command)
            yield reader


class EveryCommand:
    """What is so of every page whose commands are all typed."""

    page: ClassVar[str]

    @pytest.fixture(scope="class")
    def reader(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
        """Return somebody who has typed the page."""
        with who_types(self.page, tmp_path_factory.mktemp("leitora")) as reader:
            yield reader

    def test_every_command_works(self, reader: Reader) -> None:
        failed = [each for each in reader.typed if each.code and not any(option in each.command for option in ENDLESS)]
        assert not failed, "\n\n".join(
            f"$ {each.command}  # exit code {each.code}\n{each.shown[-1500:]}" for each in failed
        )

    def test_no_command_says_anything_of_this_project_s_code(self, reader: Reader) -> None:
        assert not [each.command for each in reader.typed if "Traceback" in each.shown]

    def test_the_demo_shows_what_the_page_says(self, reader: Reader) -> None:
        shown = [told(line) for line in reader.typed[0].shown.splitlines()]
        (written,) = (block for block in blocks(reader.page, "text") if "sam deploy" in block)
        at = 0
        for line in filter(None, map(told, written.splitlines())):
            assert line in shown[at:], f"{reader.page.name} says {line!r}; the demo shows:\n" + "\n".join(shown)
            at = shown.index(line, at) + 1


def told(line: str) -> str:
    """Return a line without what differs from one machine to the next: how long it took, and who the user is."""
    line = "✓" + line.rpartition("✓")[2] if "✓" in line else line
    line = re.sub(r"(\d+ min )?\d+(\.\d)? s\b", "N s", line.rstrip())
    return re.sub(r"importau-lakehouse-\w+-\d{12} (made|is there.*)", "BUCKET", re.sub(r"\(\d\.\d MB\)", "", line))
