"""Exported CSVs and corrections written again without a person, so that what a version was made from can be read again.

Bronze reads a landed file as the version of the object that a run pinned. So the file that the newest version was made
from is written without the person, and where somebody has uploaded another one since, that one again on top of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import md5
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final

from botocore.exceptions import ClientError

from cli.contents.object_versions import ObjectVersion
from cli.errors import CliError
from cli.person.plan import is_correction, newest_of, source_of
from cli.person.rewriting import rewritten
from cli.person.search import Search, table_of
from lakehouse.contract import layers
from lakehouse.versions.version import Input, Version

_CSV: Final = "text/csv"
_OVERTAKEN: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409", "NoSuchKey", "404"})
_PIECE: Final = 4 << 20


@dataclass
class Uploads:
    """What is uploaded, written without a person.

    Parameters
    ----------
    search : Search
    written : dict of str to str
        The ETag of what was written, by key.
    note : callable
        Called with a key and the ETag of what is going to be written there, so that it is known if that is interrupted.
    """

    search: Search
    written: dict[str, str]
    note: Callable[[str, str], None]

    def source_without(
        self, newest: Version, there: Sequence[ObjectVersion], holding: frozenset[ObjectVersion]
    ) -> dict[str, Any]:
        """Write what a version was made from without a person, and return the source of a run that reads exactly that.

        Parameters
        ----------
        newest : Version
        there : sequence of ObjectVersion
            Everything that the bucket has.
        holding : frozenset of ObjectVersion
            What of it holds the person.

        Raises
        ------
        CliError
            Somebody uploaded a file at the same time.
        """
        pinned = {each: self._pinned(each, there, holding) for each in newest.inputs}
        return dict(newest.source) | {
            "inputs": {each.table: version for each, version in pinned.items() if not is_correction(each)},
            "corrections": {each.table: version for each, version in pinned.items() if is_correction(each)},
            # What was right for the newest version is right without a person.
            "accept_volume": list(layers.tables_of(layers.BRONZE)),
        }

    def write_without(self, wanted: ObjectVersion) -> None:
        """Write what is uploaded, and what no version was made from, without a person; raise `CliError` as above."""
        with self._without(wanted) as content:
            self._put(wanted.key, content, wanted.etag)

    def _pinned(self, wanted: Input, there: Sequence[ObjectVersion], holding: frozenset[ObjectVersion]) -> str:
        """Return the version of the object that is to be read, written without the person where it has one."""
        source, now = source_of(wanted, there, self.written), newest_of(wanted.key, there)
        assert source is not None  # noqa: S101 - the plan has seen to it
        if source not in holding:
            return _named(source.version_id)
        with self._without(source) as content:
            if now is None:
                # It was deleted since: it is written for this run alone.
                version = self._put(wanted.key, content, None)
                self.search.lake.client.delete_object(Bucket=self.search.lake.bucket, Key=wanted.key)
                return version
            if now.identity == source.identity:
                return self._put(wanted.key, content, now.etag)
            with self._without(now) as newer:
                if _md5(newer) == _md5(content):
                    # An attempt before this one has written it already, or both uploads are the same.
                    if now not in holding:
                        return _named(now.version_id)
                    return self._put(wanted.key, newer, now.etag)
                version = self._put(wanted.key, content, now.etag)
                written = self.search.lake.about(wanted.key)
                self._put(wanted.key, newer, written.etag if written else None)
        return version

    def _without(self, wanted: ObjectVersion) -> BinaryIO:
        source = self.search.opened(wanted)
        if source is None:
            raise _overtaken(self.search, wanted.key)
        target = TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
        with source:
            rewritten(self.search.sought, source, table_of(wanted.key), target)
        target.seek(0)
        return target

    def _put(self, key: str, content: BinaryIO, etag: str | None) -> str:
        """Write an object over the one with an ETag, None: where there is none; return the version that it became."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": f'"{etag}"'}
        self.note(key, _md5(content))
        content.seek(0)
        try:
            answer = self.search.lake.client.put_object(
                Bucket=self.search.lake.bucket,
                Key=key,
                Body=content,
                ContentType=_CSV,
                **condition,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _OVERTAKEN:
                raise
            raise _overtaken(self.search, key) from error
        return _named(str(answer.get("VersionId") or "null"))


def _named(version_id: str) -> str:
    """Return a version as a run's source names it: nothing where the bucket keeps none."""
    return "" if version_id == "null" else version_id


def _md5(content: BinaryIO) -> str:
    """Return what S3 says of a content that is written at once: its ETag."""
    digest = md5(usedforsecurity=False)
    content.seek(0)
    for piece in iter(lambda: content.read(_PIECE), b""):
        digest.update(piece)
    return digest.hexdigest()


def _overtaken(search: Search, key: str) -> CliError:
    return CliError(
        f"{search.lake.uri(key)} was changed by somebody else at the same time: nothing was deleted yet",
        "Type the same again: it goes on from what is there.",
    )
