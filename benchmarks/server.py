"""How soon the app answers, and how it copes with several uploads at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import BinaryIO, cast

import requests

from colorizer.generators.deoldify.cache import folded_path
from colorizer.places import root


def time_start(checkpoint: Path) -> dict[str, float]:
    """Measure the seconds from start to first page and to Artistic being ready.

    Returns
    -------
    dict of str to float
        ``page``, ``ready cold`` (nothing kept of an earlier start) and ``ready``.
    """
    folded_path(checkpoint).unlink(missing_ok=True)
    with _serving(checkpoint) as address:
        cold = wait_until(lambda: _is_ready(address))
    with _serving(checkpoint) as address:
        page = wait_until(lambda: requests.get(address, timeout=30).ok)
        return {
            "page": page,
            "ready cold": cold,
            "ready": page + wait_until(lambda: _is_ready(address)),
        }


def time_uploads(checkpoint: Path, photo: bytes, together: int) -> dict[str, float]:
    """Measure the seconds a photo takes when uploaded alone and when `together` come at once.

    Returns
    -------
    dict of str to float
        ``alone``, the median of three, and ``together``, all of them divided by their number.
    """
    with _serving(checkpoint) as address, ThreadPoolExecutor(together) as pool:
        wait_until(lambda: _is_ready(address))

        def upload(_: int) -> None:
            requests.post(
                f"{address}/api/v1/photos", files={"file": ("a.jpg", photo)}, timeout=600
            ).raise_for_status()

        upload(0)  # to warm up
        alone = []
        for _ in range(3):
            started = time.perf_counter()
            upload(0)
            alone.append(time.perf_counter() - started)
        started = time.perf_counter()
        list(pool.map(upload, range(together)))
        return {"alone": median(alone), "together": (time.perf_counter() - started) / together}


@dataclass
class App:
    """The app, running: where it is reached, its process, and what it says."""

    address: str
    process: subprocess.Popen[bytes]
    log: BinaryIO

    def last_words(self) -> str:
        """Return the end of its log."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]


@contextmanager
def serving(settings: dict[str, str]) -> Iterator[App]:
    """Start the app on a free port, with a folder of photos of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as uploads, tempfile.TemporaryFile() as log:
        environment = {
            "COLORIZER_PORT": str(port),
            "COLORIZER_UPLOADS": uploads,
            "COLORIZER_DOWNLOAD": "0",
            "PYTHONFAULTHANDLER": "1",
        } | settings
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=root(),
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            yield App(f"http://127.0.0.1:{port}", process, cast(BinaryIO, log))
        finally:
            process.kill()
            process.wait()


@contextmanager
def _serving(checkpoint: Path) -> Iterator[str]:
    """Start the app with a checkpoint; give its address."""
    settings = {
        "COLORIZER_MODELS": str(checkpoint.parent),
        "COLORIZER_TRUST_SHA256": sha256(checkpoint.read_bytes()).hexdigest(),
    }
    with serving(settings) as app:
        yield app.address


def _is_ready(address: str) -> bool:
    models = requests.get(f"{address}/api/v1/models", timeout=30).json()["models"]
    return any(model["name"] == "artistic" and model["state"] == "ready" for model in models)


def most_memory(pid: int) -> float:
    """Tell how many megabytes a process and its child processes have had at most."""
    megabytes = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if str(pid) in (lines["Pid"].strip(), lines["PPid"].strip()) and "VmHWM" in lines:
                megabytes += int(lines["VmHWM"].split()[0]) / 1000
    return megabytes


def wait_until(check: Callable[[], bool], limit: float = 120) -> float:
    """Ask again and again; return the seconds until the answer was yes."""
    started = time.perf_counter()
    while (waited := time.perf_counter() - started) < limit:
        try:
            if check():
                return waited
        except requests.ConnectionError:
            pass
        time.sleep(0.02)
    raise TimeoutError("the app does not get ready")
