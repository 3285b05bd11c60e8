"""How long what may be personal is kept: what the parameters of template.yaml say, and their defaults. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from lakehouse.lake import layout

KEEP: Final = 10
DAYS: Final = 90
# What a run needs only while it works, and answers to queries: as long as template.yaml's bucket keeps them.
WORK_DAYS: Final = 14


@dataclass(frozen=True)
class Retention:
    """How long what may be personal is kept, in days; 0: as long as something names it. Parameters of template.yaml.

    Attributes
    ----------
    versions : int
        A version, after it was made.
    kept : int
        The last versions stay, however old they are.
    quarantine : int
        Rows that were set aside, of every version but the newest.
    reports : int
        Audit and governance reports and lineage, of every version but the newest.
    landing : int
        An upload, after another one has replaced it.
    deleted : int
        What was deleted or replaced, until S3 drops it for good.
    """

    versions: int = DAYS
    kept: int = KEEP
    quarantine: int = 365
    reports: int = 365
    landing: int = 90
    deleted: int = 90

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, str]) -> Self:
        """Return what a stack was deployed with; the defaults for what it has no parameter of."""
        chosen = {field: int(parameters[name]) for field, name in PARAMETERS.items() if name in parameters}
        return cls(**chosen)


# By the field of `Retention`, the parameter of template.yaml.
PARAMETERS: Final = {
    "versions": "VersionRetentionDays",
    "kept": "VersionsKept",
    "quarantine": "QuarantineRetentionDays",
    "reports": "ReportRetentionDays",
    "landing": "LandingRetentionDays",
    "deleted": "DeletedRetentionDays",
}


def days_after_replacement(key: str, retention: Retention) -> int:
    """Return how many days an object is kept after it was replaced or deleted; 0: for ever.

    Of an upload, and of what is only used while a run works, the shortest limit counts, as with S3's own rules.
    """
    limits = [retention.deleted]
    if key.startswith(f"{layout.LANDING}/"):
        limits.append(retention.landing)
    if key.startswith((layout.STAGING_PREFIX, layout.ATHENA_PREFIX)):
        limits.append(1)
    return min((limit for limit in limits if limit), default=0)
