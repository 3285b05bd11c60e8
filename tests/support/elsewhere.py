"""What additional tests are made of and the project has no copy of: beside the repository, or named by a variable."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from lakehouse_tables import TABLES

from lakehouse.lake import layout

ROOT = Path(__file__).resolve().parents[2]
# How the reason begins of a test that was left out because of this; the last lines of a run tell by it.
ABSENT = "ADDITIONAL: "


@dataclass(frozen=True)
class Elsewhere:
    """A folder outside the project.

    Attributes
    ----------
    what : str
        What it holds, in words.
    variable : str
        The environment variable that names it.
    beside : str
        Where it is looked for otherwise, from the repository's parent on.
    files : tuple of str
        What it has to hold.
    """

    what: str
    variable: str
    beside: str
    files: tuple[str, ...]

    def folder(self) -> Path | None:
        """Return the folder, or None when it is not there and nobody named it.

        Raises
        ------
        pytest.UsageError
            It was named, and lacks files.
        """
        named = os.environ.get(self.variable)
        folder = Path(named or ROOT.parent / self.beside).expanduser().resolve()
        missing = [file for file in self.files if not (folder / file).is_file()]
        if named and missing:
            raise pytest.UsageError(
                f"{self.variable}={named} lacks {', '.join(missing)}: name the folder of {self.what}, or unset it"
            )
        return None if missing else folder

    def there(self) -> Path:
        """Return the folder; a test that asks for one that is not there is skipped."""
        folder = self.folder()
        if folder is None:
            pytest.skip(f"{ABSENT}{self.what}: put it into ../{self.beside}, or name its folder: {self.variable}=DIR")
        return folder


REAL_EXPORT = Elsewhere(
    "the real export (seven CSVs)", "IMPORTAU_CSV_DIR", "shared/csv_exports",
    tuple(f"{table}.csv" for table in TABLES[layout.BRONZE]),
)  # fmt: skip
OPENLINEAGE = Elsewhere(
    "the published OpenLineage schemas (https://openlineage.io/spec: OpenLineage.json and facets/*.json)",
    "IMPORTAU_OPENLINEAGE_SPEC", "shared/openlineage-spec", ("OpenLineage.json", "facets/SchemaDatasetFacet.json"),
)  # fmt: skip
EVERYTHING = (REAL_EXPORT, OPENLINEAGE)
