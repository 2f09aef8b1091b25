"""What the app and the command line set for their whole process, and when memory is given back."""

from __future__ import annotations

import ctypes
import logging
import os
import sys

# Bytes of pixels, as of 33 megapixels of 8 bits, from which on memory is short enough to matter.
LARGE = 100_000_000

# Read by NumPy, PyTorch and OpenCV when they are imported; left alone where somebody has set them.
ENVIRONMENT = {
    # NumPy's products are small here; more threads for them only get in the generator's way.
    "OPENBLAS_NUM_THREADS": "1",
    # PyTorch's threads sleep while they have nothing to do, instead of keeping the next photo's
    # reading and the last one's writing from the core.
    "OMP_WAIT_POLICY": "passive",
    # What OpenCV would print of damaged files is said by our own errors.
    "OPENCV_LOG_LEVEL": "SILENT",
}

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8


def tune() -> None:
    """Set up this process to colour one photo after the other, quickly and in little memory.

    For programs that own their process, which call it before NumPy and PyTorch are imported: the
    app and the command line. The library works without it, and never calls it.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _keep_memory()
    _tune_libvips()


def tune_child() -> None:
    """Set up a child process that reads and writes pictures, before it imports NumPy.

    Unlike those of its parent's generators, its allocations are few and large, so freed ones go
    back to the system. A limit on its addresses counts what each heap of a thread's own reserves.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if mallopt := _glibc("mallopt"):
        mallopt(_M_ARENA_MAX, 1)
    _tune_libvips()
    # What decoders warn of is said by our own errors.
    logging.getLogger("pyvips").setLevel(logging.CRITICAL)


def release_memory() -> None:
    """Give the system back what has been freed, where the C library is glibc."""
    if malloc_trim := _glibc("malloc_trim"):
        malloc_trim(0)


def allow_descriptors(wanted: int) -> int:
    """Let this process open `wanted` files and connections, as far as the system allows.

    Returns
    -------
    int
        How many it may open now: more than `wanted` where it already might, and as many as wanted
        where there is no limit or, as on Windows, no way to ask for one.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def _keep_memory() -> None:
    """Have glibc keep what is freed, for whoever wants memory next, in a single heap.

    Otherwise a generator's activations, half a gigabyte and more for each photo, go back to the
    system layer by layer, which must clear all of it again: a twentieth of a photo's time.
    """
    if mallopt := _glibc("mallopt"):
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_ARENA_MAX, 1)


def _tune_libvips() -> None:
    import pyvips

    # What libvips would keep of one photo's steps is of no use for the next photo.
    pyvips.cache_set_max(0)
    # Each thread has buffers of its own: some 8 MB for a wide scan.
    pyvips.concurrency_set(min(4, os.cpu_count() or 1))


def _glibc(name: str) -> ctypes._NamedFuncPointer | None:
    """Find a function that only glibc has; other C libraries decide by themselves."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
