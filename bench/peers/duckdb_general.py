"""DuckDB for any export: keys are any text, fields may be quoted, a row that cannot be read is left out.

It does what `bench.peers.duckdb_tuned` does, with as much tuning, but takes nothing of the exports for granted. A file
that its reader refuses is read once more: without the lines of which a quote is out of place or never closed, and
without the rows that cannot be read, which is quicker than to cast every field for a NULL in place of one.
"""

from pathlib import Path

import duckdb

from bench.peers import duckdb_tuned as tuned


def end_to_end(source: Path, target: Path) -> None:
    """Make the bronze tables of the CSVs, and of them the fact and the aggregates."""
    tuned.through_bronze(source, target, _write, _RANKS)


def _write(database: duckdb.DuckDBPyConnection, path: Path, target: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    header = [name.strip('"') for name in line.strip().split(",")]
    end = "\\r\\n" if line.endswith("\r\n") else "\\n"
    options = (
        f"header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', new_line = '{end}', "
        f"columns = {tuned.types(header)}"
    )
    try:
        tuned.copy(database, f"read_csv('{path}', {options})", target)
    except (duckdb.ConversionException, duckdb.InvalidInputException):
        kept = target.with_suffix(".csv")
        database.execute(
            f"""COPY (FROM read_csv('{path}', header = false, auto_detect = false, delim = '\x01', quote = '',
                escape = '', new_line = '{end}', columns = {{'line': 'VARCHAR'}})
                WHERE (length(line) - length(replace(line, '"', ''))) % 2 = 0)
                TO '{kept}' (FORMAT csv, HEADER false, DELIMITER '\x01', QUOTE '', ESCAPE '')"""
        )
        options = options.replace(end, "\\n")
        tuned.copy(database, f"read_csv('{kept}', {options}, ignore_errors = true)", target)
        kept.unlink()


def _rank(key: str) -> str:
    return f"CAST(row_number() OVER (ORDER BY {key}) AS INTEGER)"


_RANKS = tuned.Keys(
    (
        f"""CREATE TEMP TABLE ranks AS SELECT pedido_id, {_rank("pedido_id")} AS o FROM (
            SELECT pedido_id FROM pedidos UNION SELECT pedido_id FROM pagamentos WHERE pedido_id IS NOT NULL)""",
        "CREATE VIEW numbered_orders AS SELECT * FROM pedidos JOIN ranks USING (pedido_id)",
        f"""CREATE VIEW numbered_items AS
            SELECT *, {_rank("item_id")} AS i FROM itens_pedido JOIN ranks USING (pedido_id)""",
        f"""CREATE VIEW numbered_payments AS
            SELECT *, {_rank("pagamento_id")} AS d FROM pagamentos LEFT JOIN ranks USING (pedido_id)""",
    ),
    "",
    lambda key: f"count(DISTINCT {key})",
)
