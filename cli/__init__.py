"""The command line of the lakehouse. Nothing outside this package knows of a terminal."""

import sys
from pathlib import Path
from typing import Final

__version__: Final = "0.1.0"

ROOT: Final = Path(__file__).resolve().parent.parent

# The shared package is a Lambda layer, not an installed distribution; the commands ask it where things are in the lake.
_LAYER = str(ROOT / "functions/common")
if _LAYER not in sys.path:
    sys.path.insert(0, _LAYER)
