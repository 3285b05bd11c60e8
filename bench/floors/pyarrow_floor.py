"""The least work for pyarrow: read the inputs, write a finished fact, read what Gold needs of it.

Text of few values stays a dictionary from reader to writer; nothing else is encoded.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.tables import BRONZE, FACT, GOLD_NEEDS, NEEDED

_MANY = frozenset({"pedido_id", "item_id", "pagamento_id", "emprestimo_id", "observacoes"})


def load(source: Path) -> pa.Table:
    """Return the finished fact."""
    return pa.concat_tables(_read(path) for path in sorted((source / "finished" / FACT).glob("*.parquet")))


def main(source: Path, target: Path, fact: pa.Table) -> None:
    """Read, write, read."""
    for table in BRONZE:
        _read(source / "bronze" / f"{table}.parquet", NEEDED[table])
    (target / FACT).mkdir()
    path = target / FACT / "0.parquet"
    encoded = [field.name for field in fact.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(
        fact, path, compression="snappy", use_dictionary=encoded, store_schema=False, store_decimal_as_integer=True
    )
    _read(path, GOLD_NEEDS)


def _read(path: Path, columns: tuple[str, ...] | None = None) -> pa.Table:
    schema = pq.read_schema(path)
    text = [field.name for field in schema if field.type == pa.string() and field.name not in _MANY]
    with pq.ParquetFile(path, read_dictionary=text) as file:
        return file.read(columns and list(columns))
