"""Classification along column lineage: a column derived from personal data is personal, unless it is masked."""

from collections.abc import Iterable
from typing import Final

from lakehouse.contract import layers
from lakehouse.contract.model import Contract

# A higher rank includes the lower ones: a column declared PII is treated as confidential, too.
_RANK: Final[dict[str | None, int]] = {"confidential": 1, "PII": 2}


def undeclared(contracts: Iterable[Contract]) -> list[str]:
    """Return every column derived from a sensitive one that neither declares it nor says that it is masked.

    An indirect source (a key, a condition, a weight) counts as well: a value can be inferred from what it decides.

    Parameters
    ----------
    contracts : iterable of Contract
        Those of all layers. A column inherits the classification that its sources should have, even where they do not
        declare it: what one contract forgets is found in all columns derived from it.

    Returns
    -------
    list of str
        One problem for each such column, and for each source that is no column of any contract.
    """
    in_order = sorted(contracts, key=lambda contract: layers.LAYERS.index(contract.layer))
    known = {
        f"{contract.qualified_name}.{column.name}": column.classification
        for contract in in_order
        for column in contract.columns
    }
    problems = []
    for contract in in_order:
        for column in contract.columns:
            name = f"{contract.qualified_name}.{column.name}"
            problems += [
                f"{name}: declara a origem {source}, que não é coluna de nenhum contrato"
                for source in column.sources
                if source not in known
            ]
            if column.masked:
                continue
            source, inherited = max(
                ((source, known.get(source)) for source in column.sources),
                key=lambda pair: _RANK.get(pair[1], 0),
                default=("", None),
            )
            if _RANK.get(inherited, 0) > _RANK.get(column.classification, 0):
                known[name] = inherited
                problems.append(
                    f"{name}: vem de {source}, que é {inherited}; classifique a coluna como {inherited}, ou declare no "
                    f"contrato que o valor é mascarado (customProperties, 'masked')"
                )
    return problems
