"""The evidence of docs/forecast.md: measured on synthetic companies and histories, with statsforecast beside it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from bench.forecasting import companies, forecasts, histories, risks
from cli import ROOT

NUMBER: Final = 100
_PYTHON: Final = ROOT / ".venv-bench/bin/python"
# The methods were developed on companies and histories of lower seeds: these had no part in it.
_FIRST_SEED: Final = 20_000
# Which company the pictures show.
_SHOWN: Final = 1


class PeerError(Exception):
    """statsforecast, or what draws the pictures, failed; the message is its own."""


class Goal(NamedTuple):
    """A goal of the forecast: what it says, what was measured, and whether that meets it."""

    text: str
    measured: str
    met: bool


def measured(number: int, show: Callable[[str], None]) -> dict[str, Any]:
    """Measure the evidence.

    Parameters
    ----------
    number : int
        Of companies, and of histories of each kind.
    show : callable
        Is told what is measured now.

    Raises
    ------
    PeerError
        statsforecast failed.
    """
    show("statsforecast")
    seeds = range(_FIRST_SEED, _FIRST_SEED + number)
    made = [companies.company(seed) for seed in seeds]
    history = np.stack([series.history for company in made for series in company])
    with tempfile.TemporaryDirectory(prefix="importau-bench-") as scratch:
        source, target = Path(scratch) / "series.npy", Path(scratch) / "forecasts.npz"
        np.save(source, history)
        _run("bench.forecasting.peers", source, target)
        with np.load(target) as said:
            peers = {name: said[name] for name in forecasts.PEERS}
    show("forecasts")
    forecast = forecasts.measured(made, peers)
    show("currencies")
    drawn = {kind: [histories.history(seed, kind) for seed in seeds] for kind in histories.KINDS}
    return {
        "number": number,
        "forecast": forecast,
        "risk": risks.measured(drawn),
        "example": forecasts.example(made[min(_SHOWN, number - 1)]),
    }


def draw(evidence: Mapping[str, Any], folder: Path) -> None:
    """Draw the pictures of the evidence into a folder.

    Raises
    ------
    PeerError
        matplotlib failed.
    """
    with tempfile.TemporaryDirectory(prefix="importau-bench-") as scratch:
        source = Path(scratch) / "measured.json"
        source.write_text(json.dumps(evidence), "utf-8")
        _run("bench.forecasting.pictures", source, folder)


def goals(evidence: Mapping[str, Any]) -> list[Goal]:
    """Return the goals, and whether the evidence meets them."""
    forecast, risk = evidence["forecast"], evidence["risk"]
    coverage, mase = forecast["coverage"], forecast["mase"]
    ours, horizons = mase[forecasts.OURS], coverage["horizons"]
    peer = min(mase[name]["all"] for name in forecasts.PEERS)
    number = evidence["number"]
    passed = {kind: risk[kind]["historical"]["passed"] for kind in histories.INDEPENDENT}
    return [
        Goal(
            "intervals of 90 % cover 88 to 92 % of what comes",
            f"{coverage['all']:.1%}",
            0.88 <= coverage["all"] <= 0.92,
        ),
        Goal(
            "each horizon 85 to 95 %",
            f"{min(horizons):.1%} to {max(horizons):.1%}",
            min(horizons) >= 0.85 and max(horizons) <= 0.95,
        ),
        Goal("80 % of series beat the seasonal naive forecast", f"{ours['beats']:.1%}", ours["beats"] >= 0.8),
        Goal(
            "MASE within 5 % of the better of AutoETS and AutoTheta",
            f"{ours['all']:.3f}, {ours['all'] / peer - 1:+.1%}",
            ours["all"] <= 1.05 * peer,
        ),
        Goal(
            "the VaR of 95 % passes Kupiec's test at 5 % in at least 90 of 100 histories of independent returns",
            ", ".join(f"{kind} {its}/{number}" for kind, its in passed.items()),
            min(passed.values()) >= 0.9 * number,
        ),
    ]


def _run(module: str, *arguments: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2", "MPLBACKEND": "svg"}
    command = [str(_PYTHON), "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])
