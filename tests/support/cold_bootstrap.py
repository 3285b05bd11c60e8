"""Starts a function as `lambda_bootstrap` does, and writes how long its initialisation and its first call took.

Two things are as on AWS and not as `lambda_bootstrap` has them. Nothing is loaded before the handler's module, and no
module that a layer or the function brings has bytecode: the recipes of both managed layers delete it, `sam build` makes
none, and /var/task and /opt cannot be written to, so that every cold start compiles them again.
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

_ROOT = Path(__file__).resolve().parent.parent
# A line of the log with this prefix has the measurements of a phase, as JSON.
MARK = "cold start: "


class _SourceAlone(SourceFileLoader):
    """Compiles a module each time: without a modification time there is no bytecode."""

    def path_stats(self, path: str) -> NoReturn:
        raise OSError(f"{path} is taken for one without bytecode")


def main(handler: str) -> None:
    """Serve the handler; it does not return."""
    began = perf_counter()
    find = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (_SourceAlone, SOURCE_SUFFIXES))

    def function_path_hook(path: str) -> Any:
        if not Path(path).is_relative_to(_ROOT):
            raise ImportError(f"{path} is not of the function")
        return find(path)

    sys.path_hooks.insert(0, function_path_hook)
    sys.path[:0] = [str(_ROOT / place) for place in ("task", "opt/python", "runtime")]
    from awslambdaric.__main__ import main as serve

    name, _, function = handler.rpartition(".")
    module = import_module(name)
    tell("init", began)
    call: Callable[[Any, Any], Any] = getattr(module, function)

    def measured(event: Any, context: Any) -> Any:
        called = perf_counter()
        result = call(event, context)
        tell("call", called)
        return result

    setattr(module, function, measured)
    serve(["bootstrap", handler])


def tell(phase: str, began: float) -> None:
    """Write how long a phase took and what is loaded after it; past Python's buffers, in turn with -X importtime."""
    measurement = {"phase": phase, "seconds": perf_counter() - began, "modules": sorted(sys.modules)}
    os.write(2, f"{MARK}{json.dumps(measurement)}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1])
