"""What contracts leave to be chosen: what a run does with a column of an exported CSV that the contract lacks.

It stops, publishes without the column and says so, or does that and proposes a change of the contract.
"""

from typing import Final

STOP: Final = "stop"
IGNORE: Final = "ignore"
PROPOSE: Final = "propose"
NEW_COLUMNS: Final = (STOP, IGNORE, PROPOSE)
