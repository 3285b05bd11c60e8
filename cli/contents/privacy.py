"""The data that may be shown: no column that is personal or confidential, and no value that looks so."""

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa

from lakehouse.engine.keys import flat
from lakehouse.personal.kinds import looks_personal

SAMPLE_ROWS: Final = 5


def revealing(values: Iterable[str | None]) -> bool:
    """Return whether any of some texts looks like an e-mail, telephone, CPF, CNPJ, RG, card, name, address or login.

    The scanner of the governance step reports a column only from a share of its values on; what everybody may see must
    not have a single one.
    """
    texts = pa.array([value for value in values if value], pa.string())
    return len(texts) > 0 and looks_personal(texts)


def shown(table: pa.Table, classified: Mapping[str, str | None]) -> tuple[pa.Table, list[str]]:
    """Return the part of a table that may be shown.

    Parameters
    ----------
    table : pa.Table
    classified : mapping of str to str or None
        The classification of each column; a column without an entry may be personal, and is left out.

    Returns
    -------
    shown : pa.Table
    hidden : list of str
        The columns that were left out.
    """
    hidden = [
        name
        for name in table.column_names
        if classified.get(name, "unknown") is not None
        or (pa.types.is_string(table[name].type) and revealing(flat(table[name]).to_pylist()))
    ]
    return table.drop_columns(hidden), hidden
