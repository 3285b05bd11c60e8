"""The examination of the tables before they are published: drift from their contracts, undeclared personal data.

A file's schema is in the record of its audit, which is bound to the file's ETag. So a listing tells whether the record
is still that of the file, and of the files whose records say the same one is opened: thousands of parts cost no more
requests than a few.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa

from governance.findings import Findings
from governance.registry import since, wanted_tags
from governance.sampling import Sampling, texts_in
from governance.scanner import Finding, derived, scan
from lakehouse.clients import together
from lakehouse.contract.drift import fingerprint, footer_drift
from lakehouse.contract.model import Contract
from lakehouse.contract.quality import AuditedFile
from lakehouse.errors import StorageError
from lakehouse.lake.catalogue import Catalog
from lakehouse.versions import crawled
from lakehouse.versions.discovery import discovered
from lakehouse.versions.registered import compared
from lakehouse.versions.view import View
from lakehouse.versions.wholeness import FOREIGN, Difference, differences

# Where columns are there, and of which type: the comparison of four says more of it.
_OF_FOUR: Final = re.compile(r".*\.StorageDescriptor\.Columns(\.\w+(\.Type)?| \(order\))")


@dataclass(frozen=True)
class _Listed:
    """A table as listings have it.

    Attributes
    ----------
    contract : Contract
    problem : str
        Why it cannot be examined; empty where it can.
    differences : sequence of Difference
        Its files that are not those which were audited.
    """

    contract: Contract
    problem: str = ""
    differences: tuple[Difference, ...] = ()


class _Opened(NamedTuple):
    """A file that was opened: the schema in its footer, rows of it where some are of the table's sample; or why not."""

    table: str
    file: AuditedFile
    footer: pa.Schema | None
    rows: pa.Table | None
    problem: str


def examine(catalog: Catalog, view: View, contracts: Iterable[Contract]) -> Findings:
    """Compare contract, Parquet, registered and discovered table, and look for undeclared personal data.

    Parameters
    ----------
    catalog : Catalog
    view : View
        What is to be published, or is published.
    contracts : iterable of Contract

    Returns
    -------
    Findings
        ``broken``, ``drifted``, ``unknown_tables`` and ``personal``.
    """
    listed = list(together(lambda contract: _listed(view, contract), contracts))
    samplings = {each.contract.table: _sampling(view, each) for each in listed if not each.problem}
    wanted = [(each.contract, file) for each in listed if not each.problem for file in _to_open(view, each, samplings)]
    opened = list(together(lambda one: _open(view, *one, samplings), wanted))
    broken: list[str] = []
    footers: dict[str, pa.Schema] = {}
    samples: dict[str, pa.Table] = {}
    for table in listed:
        contract = table.contract
        own = [each for each in opened if each.table == contract.table]
        problem = table.problem or next((each.problem for each in own if each.problem), "")
        if problem:
            broken.append(f"{contract.table}: {problem}")
            continue
        broken += [f"{contract.table}: {each}" for each in table.differences]
        broken += _drift(contract, own)
        first = next((each.footer for each in own if each.footer is not None), None)
        if first is not None:
            footers[contract.table] = first
        rows = [each.rows for each in own if each.rows is not None]
        if rows:
            samples[contract.table] = pa.concat_tables(rows, promote_options="permissive")
    personal = _personal(samples, [each.contract for each in listed])
    found = discovered(catalog, crawled.read(view.lake), footers)
    drifted = (*found.differences, *_tampered(view, found.registered))
    return Findings({}, tuple(broken), drifted, found.unknown, tuple(personal))


def _tampered(view: View, registered: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the catalogue says otherwise than the version that it shows: publishing corrects it, so it is told.

    Names, types and order of columns are left to the comparison of four.
    """
    if view.version is None:
        return
    for entry in compared(view.lake, view.version, registered):
        if entry.found is None:
            yield f"{entry.name}: não está no catálogo, e a versão {view.number} a tem"
        for each in entry.unlike:
            if not _OF_FOUR.fullmatch(each.path):
                yield f"{each.said('esperado', 'no catálogo')}{since(entry.found)}"


def _listed(view: View, contract: Contract) -> _Listed:
    try:
        found = differences(view.lake, view.table(contract.table))
    except StorageError as error:
        return _Listed(contract, str(error))
    return _Listed(contract, "", tuple(found))


def _personal(samples: Mapping[str, pa.Table], contracts: Iterable[Contract]) -> list[Finding]:
    """Return what looks personal, or is filled from a personal column, table by table."""
    contracts = list(contracts)
    of_others = derived(samples, contracts)
    found: list[Finding] = []
    for contract in contracts:
        if contract.table in samples:
            found += scan(samples[contract.table], contract)
            told = {(each.table, each.column) for each in found}
            found += [
                each for each in of_others if each.table == contract.table and (each.table, each.column) not in told
            ]
    return found


def _sampling(view: View, listed: _Listed) -> Sampling:
    """Return what is sampled of a table: nothing of files that are not those which were audited."""
    table = listed.contract.table
    files = () if any(each.what != FOREIGN for each in listed.differences) else view.files(table)
    return Sampling.of(files, f"{table}/{view.table(table).run}")


def _to_open(view: View, listed: _Listed, samplings: Mapping[str, Sampling]) -> list[AuditedFile]:
    """Return the first file, one of each recorded schema, those without a record of it, the sampled; or a wrong one."""
    files = view.files(listed.contract.table)
    by_schema = {file.schema: file for file in reversed(files) if file.schema}
    wrong = {each.key for each in listed.differences if each.what != FOREIGN}
    # One of those tells what is wrong; what it has in it is nobody's.
    first_wrong = next((file for file in files if file.key in wrong), None)
    if first_wrong is not None:
        return [first_wrong]
    unrecorded = (file for file in files if not file.schema)
    return list(dict.fromkeys([files[0], *by_schema.values(), *unrecorded, *samplings[listed.contract.table].files]))


def _open(view: View, contract: Contract, file: AuditedFile, samplings: Mapping[str, Sampling]) -> _Opened:
    sampling = samplings[contract.table]
    try:
        if file not in sampling.files:
            return _Opened(contract.table, file, view.opened(file).schema_arrow, None, "")
        footer, rows = view.head(file, texts_in, sampling.groups(file))
    except StorageError as error:
        return _Opened(contract.table, file, None, None, str(error))
    return _Opened(contract.table, file, footer, sampling.rows(file, rows), "")


def _drift(contract: Contract, opened: Iterable[_Opened]) -> Iterator[str]:
    """Yield how the footers differ from the contract, and from what was recorded of them."""
    footers: dict[pa.Schema, None] = {}
    for each in opened:
        if each.footer is None:
            continue
        footers[each.footer] = None
        if each.file.schema and each.file.schema != fingerprint(each.footer):
            yield f"{contract.table}: {each.file.key} does not have the schema that its audit recorded"
    for footer in footers:
        yield from footer_drift(contract, footer)


def tag_everything(catalog: Catalog, region: str, account: str, tags: Mapping[str, str]) -> None:
    """Tag the databases and crawlers of the layers, and the databases of governance and of the crawlers."""
    wanted = wanted_tags(region, account, catalog.stage, tags)
    list(together(lambda name: catalog.tag(name, wanted[name]), wanted))
