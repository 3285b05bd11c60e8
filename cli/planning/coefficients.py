"""The coefficients measured of this engine, kept in `cli/planning/plan.toml`. Pure but for reading that file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from cli.errors import CliError
from cli.planning import ranges
from lakehouse.contract import layers
from lakehouse.part_size import BYTES_AN_ORDER, ORDERS_A_PART

# "At 1,769 MB, a function has the equivalent of one vCPU" (AWS Lambda developer guide, "Configure memory").
MB_A_VCPU: Final = 1_769
MILLION: Final = 1_000_000
_NOTHING: Final = 1e-12


@dataclass(frozen=True)
class Linear:
    """A quantity that grows linearly with a size: ``fixed + each * size``.

    Attributes
    ----------
    fixed, each : float
    """

    fixed: float
    each: float

    def at(self, size: float) -> float:
        """Return its value at a size."""
        return self.fixed + self.each * size

    @classmethod
    def fitted(cls, sizes: Sequence[float], values: Sequence[float]) -> "Linear":
        """Fit a line to measurements by least squares of the relative errors; neither part is negative.

        Parameters
        ----------
        sizes, values : sequence of float, shape (n,)
            Values are positive; of one size alone, the line is flat.
        """
        weights = [1 / value**2 if value else 1.0 for value in values]
        total = sum(weights)
        mean_x = sum(w * x for w, x in zip(weights, sizes, strict=True)) / total
        mean_y = sum(w * y for w, y in zip(weights, values, strict=True)) / total
        spread = sum(w * (x - mean_x) ** 2 for w, x in zip(weights, sizes, strict=True))
        common = sum(w * (x - mean_x) * (y - mean_y) for w, x, y in zip(weights, sizes, values, strict=True))
        # A quantity that varies only in the last bits of a double does not grow.
        each = max(0.0, common / spread) if spread and common / spread > _NOTHING * mean_y else 0.0
        if mean_y - each * mean_x >= 0:
            return cls(mean_y - each * mean_x, each)
        square = sum(w * x * x for w, x in zip(weights, sizes, strict=True))
        return cls(0.0, sum(w * x * y for w, x, y in zip(weights, sizes, values, strict=True)) / square)


@dataclass(frozen=True)
class Stage:
    """A state that calls a Lambda.

    Attributes
    ----------
    name, layer, function : str
        The names of the state, its layer and its Lambda.
    is_per_part : bool
        Whether it is called once per part, or once per run.
    is_combining : bool
        Whether it puts the parts' results together: a run of one part has no such call.
    init_s : float
        Seconds of a cold start.
    seconds, megabytes : Linear
        Duration and peak memory of a call, by million orders that it works on.
    vcpus : float
        How many vCPUs it keeps busy.
    waits : Linear
        How many requests of a call wait one after the other, by the number of parts of the run.
    moved : float
        How many bytes of an order pass between S3 and a call that works on it.
    of_ranges : str
        What it does where large exports are read in ranges (`cli.planning.ranges`); empty: the same as elsewhere.
    section_s : float
        Seconds that a call takes for each section of ranges that it reads.
    """

    name: str
    layer: str
    function: str
    is_per_part: bool
    is_combining: bool
    init_s: float
    seconds: Linear
    megabytes: Linear
    vcpus: float
    waits: Linear = Linear(0.0, 0.0)
    moved: float = 0.0
    of_ranges: str = ""
    section_s: float = 0.0

    def orders_a_call(self, orders: int) -> float:
        """Return how many orders a call works on at the most; a part has at most `ORDERS_A_PART`, on average."""
        if self.of_ranges in ranges.MOST_BYTES:
            return min(orders, ranges.MOST_BYTES[self.of_ranges] / BYTES_AN_ORDER)
        return min(orders, ORDERS_A_PART) if self.is_per_part else orders

    def slowness(self, memory_mb: int) -> float:
        """Return how many times longer a call takes for lack of vCPUs, which a Lambda has by its memory."""
        return max(1.0, self.vcpus / (memory_mb / MB_A_VCPU))


@dataclass(frozen=True)
class Coefficients:
    """The coefficients measured of this engine.

    Attributes
    ----------
    machine : str
    stages : tuple of Stage
        In the order of a run.
    transitions, events, reads, writes : Linear
        Of a run, by the number of parts: state transitions, events of the longest history, requests to S3.
    message_bytes : Linear
        The size of the largest message between states, by the number of parts.
    csv_bytes : float
        The bytes of an order in all CSVs.
    object_bytes : float
        The bytes of an order in the largest file of a table, that of a part.
    """

    machine: str
    stages: tuple[Stage, ...]
    transitions: Linear
    events: Linear
    reads: Linear
    writes: Linear
    message_bytes: Linear
    csv_bytes: float
    object_bytes: float

    @classmethod
    def read(cls, path: Path) -> "Coefficients":
        """Read them; raise `CliError` for a file that is not there or is not of this version."""
        try:
            document = tomllib.loads(path.read_text("utf-8"))
            stages = tuple(
                Stage(**{name: _value(value) for name, value in stage.items()}) for stage in document.pop("stage")
            )
            return cls(stages=stages, **{name: _value(value) for name, value in document.items()})
        except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
            raise CliError(f"{path.name} cannot be used: {error}", "Make it anew: ./importau plan --measure") from error

    def with_ranges_of(self, other: Self) -> Self:
        """Return them with another one's stages of exports that are read in ranges, which no measured run is."""
        of_ranges = [stage for stage in other.stages if stage.of_ranges not in {"", ranges.WHOLE}]
        names = {stage.name for stage in of_ranges}
        stages: list[Stage] = []
        for stage in self.stages:
            if stage.layer == layers.BRONZE and stage.name in names:
                stages += [replace(stage, of_ranges=ranges.WHOLE), *of_ranges]
            else:
                stages.append(stage)
        return replace(self, stages=tuple(stages))

    def written(self) -> str:
        """Return them as TOML, with their units."""
        head = [
            "# Measured by `./importau plan --measure`, which makes this file anew; not edited, but for the calls of",
            "# exports in ranges: those are of `python -m bench.ranges`, and what gathering takes is a judgement.",
            "# `fixed` and `each`: seconds and MB by million orders of a call; the others by part of a run.",
            *(f"{name} = {_toml(value)}" for name, value in vars(self).items() if name != "stages"),
        ]
        stages = [
            ["", "[[stage]]", *(f"{name} = {_toml(value)}" for name, value in vars(stage).items())]
            for stage in self.stages
        ]
        return "\n".join([*head, *(line for stage in stages for line in stage)]) + "\n"


def _value(value: Any) -> Any:
    return Linear(**value) if isinstance(value, Mapping) else value


def _toml(value: str | float | bool | Linear) -> str:
    if isinstance(value, Linear):
        return "{ " + ", ".join(f"{name} = {_toml(part)}" for name, part in asdict(value).items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value:.6g}" if value != int(value) else f"{value:.1f}"
