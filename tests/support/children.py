"""Child processes as Linux shows them in /proc."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROC = Path("/proc")
needs_proc = pytest.mark.skipif(
    not (PROC / "self").exists(), reason="Looks at processes in Linux's /proc."
)


@pytest.fixture
def children() -> Callable[[], dict[int, str]]:
    """List the processes for pictures that a test has started, each with its state."""
    before = _children()
    return lambda: {pid: state for pid, state in _children().items() if pid not in before}


def _children() -> dict[int, str]:
    """List the processes for pictures that this one has started, by what Linux tells of them."""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if int(status[1]) == os.getpid() and (b"pictures.worker" in command or status[0] == "Z"):
            found[int(folder.name)] = status[0]
    return found


def wait_for(check: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until something holds, and return it."""
    give_up_at = time.monotonic() + seconds
    pause = threading.Event()
    while not (result := check()):
        assert time.monotonic() < give_up_at, "waited in vain"
        pause.wait(0.005)
    return result


def seconds_of(process: int) -> float:
    """Return how long a process has been at work, in all its threads."""
    status = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    return (int(status[11]) + int(status[12])) / os.sysconf("SC_CLK_TCK")


def alive(pid: int) -> bool:
    """Tell whether a process runs; whose parent has died may leave it a zombie for a while."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
