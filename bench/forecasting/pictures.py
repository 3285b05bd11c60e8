"""Draws the pictures of docs/forecast.md in .venv-bench: ``python -m bench.forecasting.pictures MEASURED FOLDER``."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

BLUE, ORANGE, GREY, LIGHT = "#1f6f8b", "#d1751f", "#555555", "#c9d3d8"
STYLE = {
    # The same measurements give the same bytes.
    "svg.hashsalt": "importau", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10, "axes.titlelocation": "left",
    "figure.facecolor": "white", "legend.frameon": False, "path.simplify": True,
}  # fmt: skip
SHOWN = ("seasonal", "trend", "level shift", "intermittent")


def examples(series: list[dict[str, Any]]) -> None:
    """Four series of one company: what was, what was said, and what came in futures of the same process."""
    figure, axes = plt.subplots(2, 2, figsize=(8, 5), sharex=True)
    for axis, kind in zip(axes.flat, SHOWN, strict=True):
        its = next(each for each in series if each["kind"] == kind)
        past, ahead = len(its["history"]), len(its["point"])
        months, future = range(1, past + 1), range(past + 1, past + ahead + 1)
        axis.plot(months, [value / 1000 for value in its["history"]], color=GREY, linewidth=1)
        for number, line in enumerate(its["futures"][:8]):
            label = "what may come" if number == 0 else None
            axis.plot(future, [round(value / 1000, 2) for value in line], ".", color=ORANGE, markersize=2, label=label)
        low, high = ([value / 1000 for value in its[end]] for end in ("low", "high"))
        axis.fill_between(future, low, high, color=BLUE, alpha=0.25, linewidth=0, label="interval of 90 %")
        axis.plot(future, [value / 1000 for value in its["point"]], color=BLUE, linewidth=1.6, label="forecast")
        axis.set_title(f"{kind}: {its['method']}")
        axis.set_ylim(bottom=0)
        axis.set_xlim(25, past + ahead + 1)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="lower center", ncols=3)
    for axis in axes[1]:
        axis.set_xlabel("month")
    for axis in axes[:, 0]:
        axis.set_ylabel("thousand reais")


def coverage(measured: dict[str, Any]) -> None:
    """How much of what came lay in its interval, by horizon and by kind of series."""
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3), sharey=True, width_ratios=(1, 1.3))
    horizons = range(1, len(measured["horizons"]) + 1)
    left.plot(horizons, [100 * share for share in measured["horizons"]], "o-", color=BLUE, label="categories")
    left.plot(horizons, [100 * share for share in measured["total_horizons"]], "s--", color=ORANGE, label="total")
    left.set_xlabel("months ahead")
    left.set_ylabel("% inside the interval of 90 %")
    left.legend(loc="lower left")
    kinds = measured["kinds"]
    right.bar(range(len(kinds)), [100 * share for share in kinds.values()], color=BLUE, width=0.6, zorder=2)
    right.set_xticks(range(len(kinds)), list(kinds), rotation=35, ha="right")
    for axis in (left, right):
        axis.axhspan(85, 95, color=LIGHT, alpha=0.5, linewidth=0, zorder=0)
        axis.axhline(90, color=ORANGE if axis is right else GREY, linewidth=0.8, zorder=3)
    left.set_ylim(75, 100)


def accuracy(measured: dict[str, Any]) -> None:
    """The mean MASE of what this project says, of its peers, of its candidates alone, and of who knows the process."""
    names = sorted(measured, key=lambda name: -measured[name]["all"])
    _, axis = plt.subplots(figsize=(8, 3.2))
    colours = [BLUE if name == "forecast.outlook" else ORANGE if name.startswith("Auto") else LIGHT for name in names]
    bars = axis.barh(range(len(names)), [measured[name]["all"] for name in names], color=colours, height=0.7)
    axis.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel("mean MASE over six months: less is better")
    axis.set_xlim(0, 1.35)


def kupiec(measured: dict[str, Any]) -> None:
    """The share of days on which each history's one-day value at risk of 95 % was exceeded."""
    _, axis = plt.subplots(figsize=(8, 3))
    for at, its in enumerate(measured.values()):
        for shift, way, colour in ((-0.18, "historical", BLUE), (0.18, "ewma", ORANGE)):
            boxes = axis.boxplot(
                [100 * rate for rate in its[way]["rates"]],
                positions=[at + shift], widths=0.28, whis=(0, 100), patch_artist=True, medianprops={"color": "black"},
                boxprops={"facecolor": colour, "alpha": 0.6, "linewidth": 0.8},
            )  # fmt: skip
            if at == 0:
                boxes["boxes"][0].set_label({"historical": "historical, 250 days", "ewma": "EWMA, 0.94"}[way])
            axis.text(at + shift, 11.2, f"{its[way]['passed']}/{its['histories']}", ha="center", fontsize=8)
    axis.axhline(5, color=GREY, linewidth=0.8)
    axis.set_xticks(range(len(measured)), list(measured))
    axis.set_ylabel("% of days beyond the VaR of 95 %")
    axis.set_ylim(0, 12.2)
    axis.legend(loc="lower left", ncols=2)
    axis.set_title("Above: how many histories pass Kupiec's test", fontsize=9)


def main(source: str, folder: str) -> None:
    """Draw every picture of what was measured."""
    measured = json.loads(Path(source).read_text("utf-8"))
    mpl.rcParams.update(STYLE)
    for name, draw, what in (
        ("forecast-examples", examples, measured["example"]),
        ("forecast-coverage", coverage, measured["forecast"]["coverage"]),
        ("forecast-accuracy", accuracy, measured["forecast"]["mase"]),
        ("forecast-kupiec", kupiec, measured["risk"]),
    ):
        draw(what)
        plt.tight_layout(rect=(0, 0.07, 1, 1) if draw is examples else None)
        plt.savefig(Path(folder) / f"{name}.svg", metadata={"Date": None, "Creator": None})
        plt.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
