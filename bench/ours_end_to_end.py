"""This project's engine from the exported CSVs on: typing, checks against the contracts, quarantine, writing."""

from pathlib import Path

from bench import inputs, ours
from bronze.csv import source as csv_source
from bronze.synthetic.company import accepted, generate
from lakehouse.contract import layers
from lakehouse.part_size import parts_of_bytes
from lakehouse.parts import parts_of_table


def bronze(source: Path, target: Path) -> None:
    """Make the bronze tables from the CSVs, one after the other as the Lambda does."""
    files = {table: source / f"{table}.csv" for table in layers.tables_of(layers.BRONZE)}
    csv_source.check(files)
    parts = parts_of_bytes(sum(files[table].stat().st_size for table in layers.cut_tables(layers.BRONZE)))
    for table, path in files.items():
        csv_source.write(table, path, parts_of_table(table, parts), target)


def end_to_end(source: Path, target: Path) -> None:
    """Go from the CSVs to the aggregates."""
    typed = target / "bronze"
    typed.mkdir()
    bronze(source, typed)
    ours.main(typed, target)


def synthetic(source: Path, target: Path) -> None:
    """Generate as many orders as the folder's name says, check them, and write the bronze tables."""
    tables = generate(int(source.name), inputs.SEED)
    ours.write_parts({name: accepted(name, table).kept for name, table in tables.items()}, target)
