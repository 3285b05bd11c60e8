"""What a process settles for itself before it works: what it loads, and how it keeps memory."""

import ctypes
import sys
from typing import Final

import pyarrow as pa

# Of glibc's malloc.h: the size from which memory is mapped by itself, and how much is asked for beyond the need.
_M_MMAP_THRESHOLD: Final = -3
_M_TOP_PAD: Final = -2
_LARGEST_KEPT: Final = 32 << 20
_ASKED_FOR: Final = 64 << 20


def leave_pandas_out() -> None:
    """Have pyarrow settle, for this process, that it is given no pandas objects.

    With the first array it makes, pyarrow loads pandas where it is installed, to recognise its objects: 0.8 s of a
    cold start, as the layer brings pandas. It asks once. Who loads pandas before keeps that, and `to_pandas` still
    works afterwards.
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
    """A finder of modules that knows that there is no pandas."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise for pandas what Python raises where it is not installed; leave the rest to others."""
        del path, target
        if name == "pandas":
            raise ModuleNotFoundError(f"{name} is left out (lakehouse.process)", name=name)


def reuse_memory() -> None:
    """Have columns that are freed make room for the next ones, instead of going back to the system each time.

    A part is worked on in arrays of about a megabyte, and the system clears every page of a new one: a tenth of the
    CPU time. Without glibc there is nothing to settle.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
    mallopt(_M_TOP_PAD, _ASKED_FOR)
    pa.set_memory_pool(pa.system_memory_pool())
