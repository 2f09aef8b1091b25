"""A step of a film's way in a process of its own, whatever the film does to it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from colorizer.pictures.failures import unpack_error

# A step says how far it is far more often than that, however busy the machine.
SILENCE = 300.0  # seconds
LOOK = 0.2  # seconds between two looks at whether it is to be stopped


class StoppedError(Exception):
    """Somebody has asked that the film be stopped."""


class CrashError(Exception):
    """The process of a step has ended without an answer, or fallen silent."""


def run_step(
    step: str,
    stop: threading.Event,
    progress: Callable[[int], None] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Have a child process do a step of `steps`, and wait for it.

    Parameters
    ----------
    step
        The name of the function.
    stop
        Ends the process when it is set.
    progress
        Called with the number of the frame that the step is at.
    **arguments
        Of the function; what JSON can hold.

    Returns
    -------
    dict
        What the function returns.

    Raises
    ------
    StoppedError
        If `stop` was set.
    CrashError
        If the process ended without an answer, or said nothing for a long time.
    ColorizerError, OSError
        What the function raised.
    RuntimeError
        If it failed by a fault of ours, of which this holds the trace.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "colorizer.video.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],  # this package is there, whatever else is
        start_new_session=True,  # Ctrl-C is for the parent
        text=True,
        encoding="utf-8",
    )
    watch = _Watch(process, stop)
    try:
        return _converse(process, watch, {"step": step, **arguments}, progress)
    finally:
        process.kill()
        process.wait()
        watch.end()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # of a request that it did not live to read
                pipe.close()  # type: ignore[union-attr]


def _converse(
    process: subprocess.Popen[str],
    watch: _Watch,
    request: dict[str, Any],
    progress: Callable[[int], None] | None,
) -> dict[str, Any]:
    """Send the request, hear how far the step is, and return its answer."""
    stdin, stdout = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
    with contextlib.suppress(BrokenPipeError):  # It has ended already, as is seen below.
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
    for line in stdout:
        watch.heard()
        try:
            message = json.loads(line)
            if "at" in message:
                if progress:
                    progress(int(message["at"]))
                continue
            if "fault" in message:
                answer: Exception | dict[str, Any] = RuntimeError(str(message["fault"]))
            else:
                answer = unpack_error(message) if "error" in message else dict(message["answer"])
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise CrashError(f"it said {line[:200]!r}") from error
        if isinstance(answer, Exception):
            raise answer
        return answer
    process.wait()
    if watch.stopped:
        raise StoppedError
    raise CrashError(watch.reason or f"it ended with {process.returncode}")


class _Watch:
    """Ends a process when it is to be stopped, or has said nothing for too long."""

    def __init__(self, process: subprocess.Popen[str], stop: threading.Event) -> None:
        self.stopped = False
        self.reason = ""
        self._process, self._stop = process, stop
        self._last = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="film", daemon=True)
        self._thread.start()

    def heard(self) -> None:
        """Note that the process has said something."""
        self._last = time.monotonic()

    def end(self) -> None:
        """Stop watching."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            if self._stop.is_set():
                self.stopped = True
            elif time.monotonic() - self._last > SILENCE:
                self.reason = "it said nothing for a long time"
            else:
                continue
            self._process.kill()
            return
