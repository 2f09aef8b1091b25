"""When freed memory goes back to the system, where the C library is glibc; elsewhere it decides."""

from __future__ import annotations

import ctypes
import sys

# Bytes of pixels, as of 33 megapixels of 8 bits, from which on memory is short enough to matter.
LARGE = 100_000_000

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8


def keep_memory() -> None:
    """Have the C library keep what is freed, for whoever wants memory next, in a single heap.

    Otherwise a generator's activations, half a gigabyte and more for each photo, go back to the
    system layer by layer, which must clear all of it again: a twentieth of a photo's time.
    """
    if mallopt := _glibc("mallopt"):
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_ARENA_MAX, 1)


def release_memory() -> None:
    """Give the system back what has been freed."""
    if malloc_trim := _glibc("malloc_trim"):
        malloc_trim(0)


def _glibc(name: str) -> ctypes._NamedFuncPointer | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
