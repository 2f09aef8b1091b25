"""Freed memory is kept for the next photo, and given back when it is asked for."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from colorizer.places import root

SCRIPT = """
import resource
from pathlib import Path
import numpy as np
from colorizer.process import keep_memory, release_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

before = resident()
keep_memory()
layers = [np.ones(25_000_000, np.uint8) for _ in range(8)]
wall = np.ones(1000)  # behind them
del layers
kept = resident() - before
release_memory()
print(kept, resident() - before)
"""


def test_memory_is_kept_until_it_is_released():
    if sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("Only glibc's allocator is told what to do, on Linux.")
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=root(), check=True, capture_output=True, timeout=60
    )
    kept, left = map(int, answer.stdout.split())
    assert kept > 190_000_000
    assert left < 20_000_000
