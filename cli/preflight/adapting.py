"""Parameters that a deployment takes on by itself, where the execution role may not do what they would ask of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from cli.preflight.assessment import Assessed
from cli.preflight.intent import Intent


@dataclass(frozen=True)
class Adaptation:
    """A parameter, and why it is set.

    Attributes
    ----------
    name, value : str
        Of a parameter of template.yaml.
    denied : tuple of Assessed
    """

    name: str
    value: str
    denied: tuple[Assessed, ...]

    @property
    def why(self) -> str:
        """What is denied, and what therefore is off, in a line."""
        actions = ", ".join(each.permission.action for each in self.denied)
        purpose = self.denied[0].permission.need.purpose
        return f"{self.name}={self.value}: the execution role may not {purpose} ({actions}: {self.denied[0].how})"


def adapted(assessed: Iterable[Assessed], intent: Intent) -> list[Adaptation]:
    """Return the parameters that avoid what is denied, but for those that a person gave.

    Parameters
    ----------
    assessed : iterable of Assessed
    intent : Intent
    """
    avoidable: dict[str, list[Assessed]] = {}
    for each in assessed:
        need = each.permission.need
        refused = each.verdict == "denied" and each.permission.holder == "role" and intent.stopped(each.permission)
        if refused and need.avoided_by and need.avoided_by.partition("=")[0] not in intent.chosen:
            avoidable.setdefault(need.avoided_by, []).append(each)
    return [
        Adaptation(name, value, tuple(denied))
        for parameter, denied in avoidable.items()
        for name, value in [parameter.split("=", 1)]
    ]
