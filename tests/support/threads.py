"""Waiting for what other threads come to."""

from __future__ import annotations

import threading
from collections.abc import Callable


def wait_for(condition: Callable[[], object]) -> None:
    """Ask again and again; other threads run in between."""
    pause = threading.Event()
    for _ in range(20_000):
        if condition():
            return
        pause.wait(0.001)
    raise AssertionError("waited in vain")
