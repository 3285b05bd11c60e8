"""A lake and a catalogue that were listed once, for those who look at all of them: many listings become one."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from lakehouse.clients import together
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake, Stored

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client


class ListedLake(Lake):
    """A lake as it was at one moment: what it lists is what was there then, what it reads is what is there now.

    Parameters
    ----------
    bucket : str
    client : S3Client
    objects : sequence of Stored
        Everything that there is under the prefixes, in the order of the keys.
    prefixes : sequence of str
        Those that were listed, and are the only ones that will be asked for.
    """

    def __init__(self, bucket: str, client: "S3Client", objects: Sequence[Stored], prefixes: Sequence[str]) -> None:
        super().__init__(bucket, client)
        self.all, self._prefixes = objects, tuple(prefixes)
        self._keys = [each.key for each in objects]

    @classmethod
    def of(cls, lake: Lake, prefixes: Sequence[str]) -> Self:
        """List what lies under some prefixes, all at once."""
        listed = together(lambda prefix: list(lake.objects(prefix)), prefixes)
        found = sorted((each for objects in listed for each in objects), key=lambda each: each.key)
        return cls(lake.bucket, lake.client, found, prefixes)

    def objects(self, prefix: str, after: str = "") -> Iterator[Stored]:
        """Yield what S3 said of each object under a prefix, in the order of the keys."""
        start = bisect_right(self._keys, after) if after >= prefix else bisect_left(self._keys, prefix)
        for each in self.all[start:]:
            if not each.key.startswith(prefix):
                return
            yield each

    def about(self, key: str, version_id: str | None = None) -> Stored | None:
        """Return what S3 said of an object; None where there was none. Of an older version S3 is asked."""
        if version_id is not None or not key.startswith(self._prefixes):
            return super().about(key, version_id)
        place = bisect_left(self._keys, key)
        return self.all[place] if self._keys[place : place + 1] == [key] else None


class ListedCatalog(Catalog):
    """A catalogue as it was at one moment: its tables are those that were there then, also where it is searched.

    Parameters
    ----------
    client : GlueClient
    stage : str
    listed : mapping of str to sequence of dict
        The tables of each database, as Glue described them.
    """

    def __init__(self, client: "GlueClient", stage: str, listed: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        super().__init__(client, stage)
        self._listed = listed

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """List every database of the lakehouse, that of the crawlers included, all at once."""
        names = (*layout.databases(), layout.DISCOVERED_DATABASE)
        listed = together(lambda name: list(catalog.tables(name)), names)
        return cls(catalog.client, catalog.stage, dict(zip(names, listed, strict=True)))

    def tables(self, database: str) -> Iterator[dict[str, Any]]:
        """Yield the tables that a database had; of another one than the lakehouse's Glue is asked."""
        return iter(self._listed[database]) if database in self._listed else super().tables(database)

    def searched(self, database: str) -> Iterator[dict[str, Any]]:
        """Yield the same."""
        return self.tables(database)
