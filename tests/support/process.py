"""`python app.py` as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from colorizer.places import root


class Server:
    """`python app.py` on a free port."""

    def __init__(self, process, address, uploads):
        self.process, self.address, self.uploads = process, address, uploads

    def post(self, data, **options):
        files = {"file": ("photo.png", data)}
        return requests.post(
            f"{self.address}/api/v1/photos", data=options, files=files, timeout=120
        )

    def wait_until(self, check, tries=600):
        """Ask again and again, the answer of the process itself setting the pace."""
        pause = threading.Event()
        for _ in range(tries):
            assert self.process.poll() is None, "the server has ended"
            try:
                if check():
                    return
            except requests.ConnectionError:
                pass
            pause.wait(0.1)
        raise AssertionError("waited in vain")

    def state(self, model="artistic"):
        models = requests.get(f"{self.address}/api/v1/models", timeout=30).json()["models"]
        return next(m["state"] for m in models if m["name"] == model)

    def is_ready(self):
        return self.state() == "ready"

    def is_of_use(self):
        return requests.get(f"{self.address}/readyz", timeout=30).ok

    def is_colouring(self):
        return "colorizer_photos_in_progress 0" not in self.metrics()

    def metrics(self):
        return requests.get(f"{self.address}/metrics", timeout=30).text

    def half_photos(self):
        return list(self.uploads.glob(".incoming/*/*/original*"))

    def photos(self):
        return [p for p in self.uploads.iterdir() if not p.name.startswith(".")]


@contextmanager
def serving(uploads, checkpoint, **settings) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "COLORIZER_PORT": str(port),
        "COLORIZER_UPLOADS": str(uploads),
        "COLORIZER_MODELS": str(checkpoint.models),
        "COLORIZER_TRUST_SHA256": checkpoint.sum,
        "COLORIZER_RENDER_FACTOR": "7",
    } | {f"COLORIZER_{name.upper()}": str(value) for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=root(),
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(process, f"http://127.0.0.1:{port}", uploads)
    try:
        yield server
    finally:
        process.kill()
        process.communicate()
