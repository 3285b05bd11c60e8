"""The command line of the lakehouse. Nothing outside this package knows of a terminal."""

import sys
from pathlib import Path
from typing import Final

__version__: Final = "0.1.0"

ROOT: Final = Path(__file__).resolve().parent.parent

# The shared package, the contracts and the functions are deployed, not installed; the commands import them from here.
for _place in (str(ROOT / "functions"), str(ROOT / "functions/common"), str(ROOT / "glue")):
    if _place not in sys.path:
        sys.path.insert(0, _place)
