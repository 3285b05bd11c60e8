"""The command line of the lakehouse. Nothing outside this package knows of a terminal."""

import sys
from pathlib import Path
from typing import Final

__version__: Final = "0.1.0"

ROOT: Final = Path(__file__).resolve().parent.parent

# The shared package and the contracts are Lambda layers, not installed distributions; the commands ask them too.
for _layer in (str(ROOT / "functions/common"), str(ROOT / "glue")):
    if _layer not in sys.path:
        sys.path.insert(0, _layer)
