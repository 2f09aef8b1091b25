"""What has been freed, given back to the system."""

from __future__ import annotations

import ctypes
import sys

# Bytes of pixels, as of 33 megapixels of 8 bits, from which on memory is short enough to matter.
LARGE = 100_000_000


def release_memory() -> None:
    """Give the system back what has been freed: glibc keeps it, tens of megabytes a thread.

    Between smaller photos it may. The generator, which needs it for the next one, would wait
    0.1 s for the system to clear it again.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
