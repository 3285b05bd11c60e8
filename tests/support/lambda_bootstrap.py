"""What starts a function in a Lambda's file system on this machine, as /var/runtime/bootstrap does on AWS.

It is run with no site-packages (`python -I -S lambda_bootstrap.py HANDLER`) and finds the functions' imports where
`lambda_filesystem` put them, may use as much memory as the function is configured for, and has a pyarrow that can do
no more than the managed layer's.
"""

import os
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

_MIB = 1024 * 1024


def main(handler: str) -> None:
    """Serve the handler; it does not return."""
    root = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(root / "task"), str(root / "opt/python"), str(root / "runtime")]
    # Private memory that can be written to, so neither files nor address space that is only reserved.
    limit = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) * _MIB
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    restrict_pyarrow()
    from awslambdaric.__main__ import main as serve

    serve(["bootstrap", handler])


def restrict_pyarrow() -> None:
    """Take from pyarrow what the managed layer's build is without and only its compiled code could tell."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.ipc
    import pyarrow.parquet.core
    from lambda_layers import ABSENT_CODECS, DOUBTFUL_FUNCTIONS

    def refuse(codec: Any) -> None:
        names = codec.values() if isinstance(codec, Mapping) else (codec,)
        for name in names:
            if str(name).lower() in ABSENT_CODECS:
                raise pa.ArrowNotImplementedError(f"Support for codec '{str(name).lower()}' not built")

    def checked(make: Callable[..., Any], position: int, keyword: str, default: str = "") -> Callable[..., Any]:
        """Return a callable that looks at the codec it is given before it does what `make` does."""

        def checking(*arguments: Any, **options: Any) -> Any:
            refuse(options.get(keyword, arguments[position] if len(arguments) > position else default))
            return make(*arguments, **options)

        return checking

    for name, position, keyword, default in (
        ("Codec", 0, "compression", ""),
        ("CompressedInputStream", 1, "compression", ""),
        ("CompressedOutputStream", 1, "compression", ""),
        ("input_stream", 1, "compression", ""),
        ("output_stream", 1, "compression", ""),
        ("compress", 1, "codec", "lz4"),
        ("decompress", 2, "codec", "lz4"),
    ):
        setattr(pa, name, checked(getattr(pa, name), position, keyword, default))
    pyarrow.ipc.IpcWriteOptions = checked(pyarrow.ipc.IpcWriteOptions, sys.maxsize, "compression")

    parquet = pyarrow.parquet.core
    write, read = parquet.ParquetWriter.__init__, parquet.ParquetFile.__init__

    def writer(self: Any, *arguments: Any, **options: Any) -> None:
        refuse(options.get("compression", arguments[4] if len(arguments) > 4 else None))
        write(self, *arguments, **options)

    def reader(self: Any, *arguments: Any, **options: Any) -> None:
        read(self, *arguments, **options)
        for group in range(self.metadata.num_row_groups):
            for column in range(self.metadata.num_columns):
                refuse(self.metadata.row_group(group).column(column).compression)

    parquet.ParquetWriter.__init__, parquet.ParquetFile.__init__ = writer, reader

    def missing(name: str) -> Callable[..., NoReturn]:
        def call(*arguments: Any, **options: Any) -> NoReturn:
            raise pa.ArrowKeyError(f"No function registered with name: {name}")

        return call

    for name in DOUBTFUL_FUNCTIONS:
        setattr(pc, name, missing(name))


if __name__ == "__main__":
    main(sys.argv[1])
