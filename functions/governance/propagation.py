"""Classification along column lineage: what comes from personal data is personal, unless a contract masks it."""

from collections.abc import Iterable, Mapping

from lakehouse.contracts import Contract

SENSITIVE = frozenset({"PII", "confidential"})


def undeclared(contracts: Iterable[Contract]) -> list[str]:
    """Return every column derived from a sensitive one that neither declares it nor says it is masked.

    Parameters
    ----------
    contracts : iterable of Contract
        Of all layers.
    """
    by_name: Mapping[str, Contract] = {f"{c.database}.{c.table}": c for c in contracts}
    problems = []
    for name, contract in by_name.items():
        for column in contract.columns:
            if column.masked:
                continue
            for source in column.sources:
                table, _, source_column = source.rpartition(".")
                origin = by_name[table].column(source_column).classification if table in by_name else None
                if origin in SENSITIVE and column.classification != origin:
                    problems.append(
                        f"{name}.{column.name}: vem de {source}, que é {origin}; classifique a coluna como {origin}, "
                        f"ou declare no contrato como o valor é mascarado"
                    )
    return problems
