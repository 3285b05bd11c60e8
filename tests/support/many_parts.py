"""A run of thousands of parts, made out of one of a few: small files of the right schema, and reports that name all."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lakehouse.contract import layers
from lakehouse.fanout import WRITE
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

_AT_ONCE = 16
_Task = Callable[[], Any]


def multiply(lake: Lake, run: str, parts: int) -> None:
    """Give every table of a run that is cut as many parts, each a copy of its first one; the reports say so.

    Parameters
    ----------
    lake : Lake
    run : str
        It was audited, in more than one part.
    parts : int
    """
    for layer in layers.LAYERS:
        key = layout.quality_key(run, layer)
        report = lake.read_json(key)
        for entry in report["tables"]:
            table, first, *others = entry["table"], *entry["files"]
            if not layers.is_cut(table):
                continue
            content = lake.read_bytes(first["key"])
            keys = [layout.run_key(table, run, part, parts) for part in range(parts)]
            _do(_put(lake, content, key) for key in keys)
            _do(_delete(lake, file["key"]) for file in (first, *others))
            entry["files"] = [first | {"key": each} for each in keys]
            entry["rows"] = first["rows"] * parts
        lake.write_json(report, key)


def recorded_gold(lake: Lake, run: str, first: dict[str, Any], parts: int) -> None:
    """Leave in a run the partial aggregates of all parts of Gold, each a copy of the first one's.

    Parameters
    ----------
    lake : Lake
    run : str
        It has done part 0.
    first : dict
        The record of part 0.
    parts : int
    """
    contents = {name: lake.read_bytes(key) for name, key in first["tables"].items()}
    tasks: list[_Task] = []
    for part in range(1, parts):
        keys = {name: layout.part_table_key(run, layout.GOLD, name, part) for name in contents}
        tasks += [_put(lake, contents[name], key) for name, key in keys.items()]
        record = lake.json_of(first | {"tables": keys})
        tasks.append(_put(lake, record, layout.part_record_key(run, layout.GOLD, WRITE, part, parts)))
    _do(tasks)


def _put(lake: Lake, content: bytes, key: str) -> _Task:
    return lambda: lake.write_bytes(content, key)


def _delete(lake: Lake, key: str) -> _Task:
    return lambda: lake.client.delete_object(Bucket=lake.bucket, Key=key)


def _do(tasks: Iterable[_Task]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for _ in threads.map(lambda task: task(), tasks):
            pass
