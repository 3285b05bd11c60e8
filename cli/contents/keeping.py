"""How long what may be personal is kept in a deployed lakehouse: what its stack was deployed with."""

from typing import Final

from cli.session import Aws
from lakehouse.lake.retention import Retention

_OUTPUT: Final = "Retention"


def retention_of(aws: Aws) -> Retention:
    """Return how long things are kept; the defaults where the stack was deployed before there were parameters."""
    said = aws.outputs.get(_OUTPUT, "")
    return Retention.of_parameters(dict(word.split("=", 1) for word in said.split()))
