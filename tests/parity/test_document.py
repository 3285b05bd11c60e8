"""docs/parity.md names tests, files and parameters: they are there."""

import re

import pytest
from lambda_layers import ROOT
from sam_template import parsed

pytestmark = pytest.mark.parity

TEXT = (ROOT / "docs/parity.md").read_text("utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", TEXT))


def test_every_test_it_names_exists() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)", sources))
    named = {name for name in NAMED if re.fullmatch(r"test_\w+", name)}
    assert len(named) > 20
    assert named <= defined


def test_every_file_it_names_exists() -> None:
    named = {name for name in NAMED if re.fullmatch(r"(tests|docs|functions|statemachine)/[\w./-]+", name)}
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_parameter_it_names_is_the_templates() -> None:
    parameters = set(parsed()["Parameters"])
    assert parameters & NAMED >= {"PandasLayerArn", "PowertoolsLayerArn", "KmsKeyArn"}
    assert {name.partition("=")[0] for name in NAMED if re.fullmatch(r"[A-Z][A-Za-z]+=\w+", name)} <= parameters
