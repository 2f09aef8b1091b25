"""``python -m benchmarks.kills``: the app killed at random instants, and what was answered by then.

Visitors upload, send batches, ask for other strengths and delete, all at once. After each kill the
app is started again on the same folder: what it said it had kept must be there as it came, what it
said it had deleted must be gone, and whatever is there must be whole.
"""

from __future__ import annotations

import argparse
import io
import json
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import requests
from PIL import Image

from benchmarks.server import App, serving, wait_until
from benchmarks.siege import picture

VISITORS = 3
LONGEST = 4.0  # seconds from the first request to the kill, at most
SAMPLE = 10  # photos that are looked at again, of those that were found whole before
PHOTOS = [
    picture(width, height, kind, seed)
    for seed, (width, height, kind) in enumerate(
        ((320, 240, "JPEG"), (200, 300, "PNG"), (640, 480, "TIFF"), (64, 64, "WEBP"))
    )
]


@dataclass
class Ledger:
    """What the app has answered, over all its lives.

    Attributes
    ----------
    kept
        Photos that it said were stored, by their ids, as they were sent.
    doubtful, deleted
        Those that it was asked to delete; those of which it said that it had.
    answers
        How often it has answered what.
    """

    kept: dict[str, bytes] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    answers: dict[str, int] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Count an answer."""
        with self.lock:
            self.answers[what] = self.answers.get(what, 0) + 1

    def choose(self, random: Random) -> str | None:
        """Choose a photo that nobody has asked to delete."""
        with self.lock:
            ids = sorted(self.kept.keys() - self.doubtful)
            return random.choice(ids) if ids else None


def kill_again_and_again(times: int, seed: int, uploads: Path) -> tuple[list[str], Ledger]:
    """Kill the app so many times; return what was wrong afterwards, and what it had answered.

    Parameters
    ----------
    times
        How often it is killed, and started again.
    seed
        Of the instants, and of what visitors do.
    uploads
        The folder of its photos.
    """
    random, ledger, faults = Random(seed), Ledger(), list[str]()
    key, session = secrets.token_hex(32), requests.Session()
    for life in range(times + 1):
        with _life(uploads, key) as app:
            session.get(app.address, timeout=60)
            faults += [f"life {life}: {fault}" for fault in _faults(app, uploads, ledger, session)]
            if life < times:
                _kill_meanwhile(app, uploads, ledger, session, random)
    return faults, ledger


@contextmanager
def _life(uploads: Path, key: str) -> Iterator[App]:
    """Start the app; who has a cookie keeps it."""
    settings = {
        "COLORIZER_UPLOADS": str(uploads),
        "COLORIZER_SECRET_KEY": key,
        "COLORIZER_MODEL": "builtin",
        "COLORIZER_RENDER_FACTOR": "7",
    }
    with serving(settings) as app:
        wait_until(lambda: requests.get(f"{app.address}/readyz", timeout=30).ok)
        yield app


def _kill_meanwhile(
    app: App, uploads: Path, ledger: Ledger, session: requests.Session, random: Random
) -> None:
    """Have visitors at work, and kill the app at a random instant."""
    over = threading.Event()

    def visit(seed: int) -> None:
        own = Random(seed)
        acts = (_upload, _upload, _batch, _delete, _render)
        while not over.is_set():
            with suppress(requests.RequestException):
                own.choice(acts)(app, uploads, ledger, session, own)

    with ThreadPoolExecutor(VISITORS) as pool:
        visits = [pool.submit(visit, random.randrange(1 << 30)) for _ in range(VISITORS)]
        time.sleep(random.uniform(0.1, LONGEST))
        app.process.kill()
        app.process.wait()
        over.set()
        for one in visits:
            one.result()


def _upload(
    app: App, uploads: Path, ledger: Ledger, session: requests.Session, random: Random
) -> None:
    data = random.choice(PHOTOS)
    answer = session.post(f"{app.address}/api/v1/photos", files={"file": ("a", data)}, timeout=60)
    ledger.count(f"upload {answer.status_code}")
    if answer.status_code == 201:
        with ledger.lock:
            ledger.kept[answer.json()["id"]] = data


def _batch(
    app: App, uploads: Path, ledger: Ledger, session: requests.Session, random: Random
) -> None:
    page = session.get(app.address, timeout=60).text
    form = {
        name: page.split(f'name="{name}"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
        for name in ("csrf_token", "batch")
    }
    photos = random.choices(PHOTOS, k=4)
    files = [("file", (str(number), data)) for number, data in enumerate(photos)]
    answer = session.post(f"{app.address}/", files=files, data=form, timeout=60)
    ledger.count(f"batch {answer.status_code}")
    if answer.ok:
        entries = json.loads((uploads / ".batches" / f"{form['batch']}.json").read_text())
        with ledger.lock:
            for entry in entries["entries"]:
                ledger.kept[entry["photo"]] = photos[int(entry["name"])]


def _delete(
    app: App, uploads: Path, ledger: Ledger, session: requests.Session, random: Random
) -> None:
    if id := ledger.choose(random):
        with ledger.lock:
            ledger.doubtful.add(id)
        answer = session.delete(f"{app.address}/api/v1/photos/{id}", timeout=60)
        ledger.count(f"deletion {answer.status_code}")
        if answer.status_code == 204:
            with ledger.lock:
                ledger.deleted.add(id)


def _render(
    app: App, uploads: Path, ledger: Ledger, session: requests.Session, random: Random
) -> None:
    if id := ledger.choose(random):
        with ledger.lock:
            ledger.whole.discard(id)  # It gets further files.
        query = {"strength": str(random.randrange(101)), "format": random.choice(("webp", "png"))}
        address = f"{app.address}/api/v1/photos/{id}/result"
        answer = session.get(address, params=query, timeout=60)
        ledger.count(f"render {answer.status_code}")


def _faults(app: App, uploads: Path, ledger: Ledger, session: requests.Session) -> Iterator[str]:
    """Compare what is there now with what was answered."""
    listed = session.get(f"{app.address}/api/v1/photos", timeout=60).json()["photos"]
    there = {photo["id"] for photo in listed}
    folders = {path.name for path in uploads.iterdir() if not path.name.startswith(".")}
    for id in ledger.kept.keys() - ledger.doubtful - there:
        yield f"{id} was kept and is lost"
    for id in ledger.deleted & (there | folders):
        yield f"{id} was deleted and is there"
    for id in folders ^ there:
        yield f"{id} is in the folder or in the list alone"
    for path in (uploads / ".incoming").glob("*/*"):
        yield f"{path} is left over"
    # What was found whole and has got no further file since is looked at now and then.
    known = sorted(there & ledger.whole)
    for id in sorted(there - ledger.whole) + Random(len(known)).sample(
        known, min(SAMPLE, len(known))
    ):
        fault = _fault_of(app, uploads / id, ledger.kept.get(id), session)
        if fault:
            yield f"{id}: {fault}"
        ledger.whole.add(id)
    for path in (uploads / ".batches").glob("*.json"):
        answer = session.get(f"{app.address}/batches/{path.stem}", timeout=60)
        if not answer.ok:
            yield f"the page of the batch {path.stem} is {answer.status_code}"
        for entry in json.loads(path.read_text())["entries"]:
            if entry["photo"] and entry["photo"] not in there | ledger.doubtful:
                yield f"{entry['photo']} was done in a batch and is lost"


def _fault_of(app: App, folder: Path, sent: bytes | None, session: requests.Session) -> str | None:
    """Look whether all files of a photo are whole, and its original what was sent."""
    page = session.get(f"{app.address}/photos/{folder.name}", timeout=60)
    original = session.get(f"{app.address}/photos/{folder.name}/original", timeout=60)
    result = session.get(f"{app.address}/api/v1/photos/{folder.name}/result", timeout=60)
    for answer in (page, original, result):
        if answer.status_code != 200:
            return f"{answer.url} is {answer.status_code}"
    if original.content not in ([sent] if sent else PHOTOS):
        return "its original is not what was sent"
    try:
        with Image.open(io.BytesIO(result.content)) as picture:
            picture.load()
        for path in folder.iterdir():
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".npz":
                with np.load(path) as arrays:
                    list(arrays.values())
            else:
                with Image.open(path) as picture:
                    picture.load()
    except (OSError, ValueError, SyntaxError) as error:
        return f"it is not whole: {error}"
    return None


def main() -> None:
    """Kill the app so many times, and print what was wrong afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as uploads:
        faults, ledger = kill_again_and_again(arguments.times, arguments.seed, Path(uploads))
    for fault in faults:
        print(fault)
    print(
        f"{arguments.times} kills, {len(faults)} faults, among",
        dict(sorted(ledger.answers.items())),
    )
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
