"""Settings of a whole process, made before it works: what pyarrow imports, and how freed memory is kept."""

import ctypes
import sys
from typing import Final

import pyarrow as pa

# From glibc's malloc.h: the size from which an allocation is mapped by itself, and how much is requested beyond need.
_M_MMAP_THRESHOLD: Final = -3
_M_TOP_PAD: Final = -2
_LARGEST_KEPT: Final = 32 << 20
_EXTRA: Final = 64 << 20


def leave_pandas_out() -> None:
    """Keep pyarrow from importing pandas on its own.

    For its first array pyarrow imports pandas where it is installed, to recognise pandas objects: 0.8 s of a cold
    start, as the layer contains pandas. It tries once per process, and here it fails to find it. Where pandas was
    imported before, nothing changes; `to_pandas` still works afterwards.
    """
    if "pandas" in sys.modules:
        return
    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(refusal)


class _Refusal:
    """A module finder to which pandas is not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise for pandas what Python raises where it is not installed; leave other modules to other finders."""
        del path, target
        if name == "pandas":
            raise ModuleNotFoundError(f"{name} is left out (lakehouse.process)", name=name)


def reuse_memory() -> None:
    """Keep the memory of freed columns for the next ones, instead of returning it to the system each time.

    Work on a part allocates arrays of about a megabyte, and the system clears every page it hands out: a tenth of the
    CPU time. Without glibc nothing is changed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
    mallopt(_M_TOP_PAD, _EXTRA)
    pa.set_memory_pool(pa.system_memory_pool())
