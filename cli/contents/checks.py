"""The checks of `importau verify`: what each compares, and the form in which it says what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cli.contents.outcome import Outcome
from lakehouse.contract import layers

# Every check, with what it compares (docs/governance.md has this table).
CHECKS: Final = {
    "versions": "the versions follow one from the other",
    "catalogue": "the {counted} are there as their contracts and the newest version say, field by field",
    "governance": "the governance database is as it was registered, field by field, and holds nothing else",
    "tags": "databases and crawlers have their tags",
    "classification": "personal and confidential columns say so",
    "pipelines": "the state machines are there with their tasks",
    "definitions": "their definitions are those that were deployed, place by place",
    "databases": "databases have the descriptions and places that were deployed",
    "crawlers": "crawlers look at what, when and how they were deployed to",
    "code": "the functions run the code, and with what, that was deployed",
    "owners": "every table, state machine and task has the owner of its domain",
    "discovery": "terms find what a person expects",
    "schemas": "contract, Parquet, registered and discovered schemas agree",
    "undeclared": "nothing lies under the prefixes, or reads the tables, that nobody declared",
    "freshness": "no table is older than its contract promises",
    "contracts": "the contracts are those that the tables were audited under",
    "files": "what is published is what was audited",
    "lineage-declared": "by its contract every table comes from the CSVs",
    "lineage-observed": "so it was seen in the runs that published",
    "lineage-edges": "declared edges are those observed, job by job, and columns are of their inputs",
    "lineage-s3": "S3 saw functions and crawlers read and write what lineage says",
    "drift": "the published Parquet is what the contracts say",
    "quality": "what is published passed its audits, and governance",
    "personal": "no column looks personal that no contract declares so",
    "columns": "every column of the exported CSVs was read",
    "anomalies": "rows, NULLs, quarantine, ages and totals are as the runs before let expect",
    "evidence": "reports, events and governance's tables are those that were written, by their ETags",
}


@dataclass(frozen=True)
class Check:
    """One thing that was verified.

    Attributes
    ----------
    id, description : str
    passed : bool
    detail : str
        What was found or, where it did not pass, what is wrong.
    unchecked : tuple of str
        What of it could not be looked at, and why.
    """

    id: str
    description: str
    passed: bool
    detail: str
    unchecked: tuple[str, ...] = ()


def _counted() -> str:
    """Return how many tables there are, and how many are forecast: ``10 + 2``; the ten by layer, ``(7 + 1 + 2)``."""
    forecast = len(layers.tables_of(layers.FORECAST))
    others = [len(layers.tables_of(layer)) for layer in layers.LAYERS if layer != layers.FORECAST]
    return f"{sum(others)} + {forecast} tables ({' + '.join(map(str, others))})"


def check(name: str, problems: Callable[[], Outcome], fix: str = "") -> Check:
    """Return a check with what its work found; where anything is wrong, with what to do about it."""
    found = problems()
    wrong = ". ".join(filter(None, ["; ".join(found.wrong), fix]))
    description = CHECKS[name].format(counted=_counted())
    return Check(name, description, not found.wrong, wrong if found.wrong else found.summary, found.unchecked)
