"""The sample of a table in which personal data are looked for: rows of any part and row group, at random. Pure."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from governance.scanner import SAMPLE
from lakehouse.contract.quality import AuditedFile
from lakehouse.engine.arrays import is_text

# How many row groups of a table are read: what a row group has in text columns is in memory.
_GROUPS: Final = 4


@dataclass(frozen=True)
class Sampling:
    """What is sampled of a table.

    Attributes
    ----------
    quotas : mapping of AuditedFile to int
        How many rows are taken of each file that is read.
    seed : int
        Decides which: the same table of the same run gives the same sample, another run gives others.
    """

    quotas: Mapping[AuditedFile, int]
    seed: int

    @classmethod
    def of(cls, files: Sequence[AuditedFile], name: str) -> "Sampling":
        """Choose among the files of a table, those with more rows more often.

        Parameters
        ----------
        files : sequence of AuditedFile
        name : str
            The seed is made of it.
        """
        seed = zlib.crc32(name.encode())
        filled = [file for file in files if file.rows]
        if not filled:
            # A table without rows has a footer all the same, and what it has is read with it.
            return cls({}, seed)
        rows = np.array([file.rows for file in filled], float)
        chosen = np.random.default_rng(seed).choice(
            len(filled), min(_GROUPS, len(filled)), replace=False, p=rows / rows.sum()
        )
        total = rows[chosen].sum()
        return cls({filled[n]: max(1, round(SAMPLE * float(rows[n]) / total)) for n in sorted(chosen.tolist())}, seed)

    @property
    def files(self) -> tuple[AuditedFile, ...]:
        """The files that are read."""
        return tuple(self.quotas)

    def groups(self, file: AuditedFile) -> Callable[[int], Sequence[int]]:
        """Return what chooses among the row groups of a file, of which there are so many."""
        most = max(1, _GROUPS // len(self.quotas))
        random = np.random.default_rng([self.seed, zlib.crc32(file.key.encode())])

        def chosen(groups: int) -> list[int]:
            return sorted(random.choice(groups, min(most, groups), replace=False).tolist())

        return chosen

    def rows(self, file: AuditedFile, rows: pa.Table) -> pa.Table:
        """Return the sample of rows that were read of a file."""
        if len(rows) <= self.quotas[file]:
            return rows
        random = np.random.default_rng([self.seed, len(rows)])
        numbers = np.sort(random.choice(len(rows), self.quotas[file], replace=False))
        return rows.take(pa.array(numbers))


def texts_in(schema: pa.Schema) -> list[str]:
    """Return the columns of text, which alone are looked at."""
    return [field.name for field in schema if is_text(field.type)]
