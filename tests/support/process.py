"""`python app.py` as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import requests

from colorizer.places import root


class Server:
    """The app on a free port."""

    def __init__(self, process, address, uploads):
        self.process, self.address, self.uploads = process, address, uploads

    def connect(self, *parts):
        """Open a connection and send some bytes on it; it waits half a minute for any answer."""
        host, port = urlsplit(self.address).netloc.split(":")
        client = socket.create_connection((host, int(port)), timeout=30)
        for part in parts:
            client.sendall(part)
        return client

    def post(self, data, **options):
        files = {"file": ("photo.png", data)}
        return requests.post(
            f"{self.address}/api/v1/photos", data=options, files=files, timeout=120
        )

    def files(self):
        """What the process has open, by what the system calls it; of Linux."""
        names = []
        for entry in os.scandir(f"/proc/{self.process.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                names.append(os.readlink(entry.path))
        return names

    def unnamed_files(self):
        """What it has open that has no name, as bodies and answers on their way; of Linux."""
        return sorted(name for name in self.files() if name.endswith("(deleted)"))

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


def _allow(descriptors):
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


@contextmanager
def serving(uploads, checkpoint=None, *, patience=None, pipe="", descriptors=0, **settings):
    """Serve the app: `python app.py`, or `support.served` for a test that wants other patience.

    Without a checkpoint it has the built-in generator alone.
    `descriptors` is how many the process may have, where that isn't 0; not for Windows.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "COLORIZER_PORT": str(port),
        "COLORIZER_UPLOADS": str(uploads),
        "COLORIZER_RENDER_FACTOR": "7",
        "PYTHONPATH": str(root() / "tests"),
    }
    if checkpoint is None:
        environment |= {"COLORIZER_MODEL": "builtin", "COLORIZER_DOWNLOAD": "0"}
    else:
        environment |= {
            "COLORIZER_MODELS": str(checkpoint.models),
            "COLORIZER_TRUST_SHA256": checkpoint.sum,
        }
    environment |= {f"COLORIZER_{name.upper()}": str(value) for name, value in settings.items()}
    program = ["app.py"]
    if patience is not None:
        program = ["-m", "support.served", json.dumps(patience), str(pipe)]
    with uploads.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=root(),
            env=os.environ | environment,
            stderr=log,
            preexec_fn=partial(_allow, descriptors) if descriptors else None,
        )
    server = Server(process, f"http://127.0.0.1:{port}", uploads)
    try:
        yield server
    finally:
        process.kill()
        process.wait()
