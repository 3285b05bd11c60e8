"""The stages of a lakehouse, and how a name says which one it is of: the one place where that is written.

Several lakehouses may be in one account and region, each in a stage of its own (docs/adr/0019-stages.md). What people,
contracts and SQL call a thing is the same in every stage; what AWS calls it ends with the stage. Without a stage
(`NONE`) both are the same.
"""

from enum import StrEnum
from typing import Final

# The lakehouse of no stage, whose names are as they are.
NONE: Final = ""


class Stage(StrEnum):
    """The stages there are: development, `homologação`, production."""

    dev = "dev"
    hom = "hom"
    prod = "prod"


def staged(name: str, stage: str, joint: str = "-") -> str:
    """Return what a thing is called in a stage.

    >>> staged("importau-bronze", "dev"), staged("importau_gold", "hom", "_"), staged("importau_gold", NONE, "_")
    ('importau-bronze-dev', 'importau_gold_hom', 'importau_gold')
    """
    return f"{name}{joint}{stage}" if stage else name


def unstaged(name: str, stage: str, joint: str = "-") -> str | None:
    """Return what a thing of a stage is called, the inverse of `staged`; None for a thing of another stage.

    >>> unstaged("importau-gold-dev", "dev"), unstaged("importau-gold", "dev"), unstaged("importau-gold-hom", NONE)
    ('importau-gold', None, None)
    """
    own, mark, ending = name.rpartition(joint)
    if stage:
        return own if mark and ending == stage else None
    return None if mark and ending in tuple(Stage) else name
