"""``python -m benchmarks.siege``: the app attacked in each known way beside an honest visitor.

The app runs as a process of its own. While an attack lasts, somebody honest sends a photo every
second; how many of those fail, and how long they take beside what is usual, is the result.
"""

from __future__ import annotations

import argparse
import io
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from random import Random
from statistics import median
from urllib.parse import urlsplit

import numpy as np
import requests
from PIL import Image

from benchmarks import hostile
from benchmarks.mutations import mutate
from benchmarks.server import most_memory, serving, wait_until

TOKEN = "nobody-guesses-this-token"
# Of the honest visitor: what counts as waiting too long, in times of what is usual.
PATIENCE = 2.0


@dataclass
class Target:
    """The app under attack, and what an attacker has prepared in it."""

    address: str
    stop: threading.Event = field(default_factory=threading.Event)

    def post(self, data: bytes, name: str = "a.jpg", **form: str) -> requests.Response:
        """Send a file to the API, as anybody may."""
        return requests.post(
            f"{self.address}/api/v1/photos",
            files={"file": (name, data)},
            data={"model": "builtin"} | form,
            timeout=120,
        )

    def connect(self) -> socket.socket:
        """Open a connection of one's own."""
        place = urlsplit(self.address)
        return socket.create_connection((str(place.hostname), int(place.port or 80)), timeout=30)


Attack = Callable[[Target], None]


def picture(width: int, height: int, kind: str = "JPEG", seed: int = 0) -> bytes:
    """Make a grey photo with shades and grain."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / height
    levels = 128 + 70 * np.sin(5 * x + 3 * y + seed) + random.normal(0, 5, (height, width))
    file = io.BytesIO()
    Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(file, kind)
    return file.getvalue()


def send_again_and_again(make: Callable[[], bytes], together: int = 4) -> Attack:
    """Make an attack of one file, sent by several at once until it is over."""

    def attack(target: Target) -> None:
        data = make()

        def send(_: int) -> None:
            while not target.stop.is_set():
                with suppress(requests.RequestException):
                    target.post(data)

        with ThreadPoolExecutor(together) as pool:
            list(pool.map(send, range(together)))

    return attack


def send_mutations(target: Target) -> None:
    """Send sound files made wrong by their structure."""
    sound = [picture(300, 200, kind) for kind in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "BMP")]

    def send(seed: int) -> None:
        random = Random(seed)
        while not target.stop.is_set():
            with suppress(requests.RequestException):
                target.post(mutate(random.choice(sound), random))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(send, range(3)))


def send_slowly(head: bytes, piece: bytes, connections: int = 200) -> Attack:
    """Make an attack of many connections that send a byte now and then."""

    def attack(target: Target) -> None:
        with ExitStack() as stack:
            opened = []
            for _ in range(connections):
                with suppress(OSError):
                    opened.append(stack.enter_context(target.connect()))
                    opened[-1].sendall(head)
            while not target.stop.wait(5):
                for connection in opened:
                    with suppress(OSError):
                        connection.sendall(piece)

    return attack


def stall_downloads(target: Target) -> None:
    """Ask for large files and ZIPs, and read nothing of them."""
    original = target.post(picture(4000, 3000, "BMP")).json()["links"]["original"]
    batch = _send_batch(target, [picture(3000, 2000, "BMP", seed=i) for i in range(4)])
    asks = [f"GET {original} HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\n\r\n"]
    asks += [f"GET {urlsplit(batch).path}/zip HTTP/1.1\r\nHost: x\r\n\r\n"]
    with ExitStack() as stack:
        for number in range(50):
            connection = stack.enter_context(target.connect())
            with suppress(OSError):
                connection.sendall(asks[number % 2].encode())
                connection.recv(12)
        target.stop.wait()


def send_batches(target: Target) -> None:
    """Send five batches at a time, one after the other."""
    photos = [picture(800, 600, seed=i) for i in range(24)]

    def send(_: int) -> None:
        while not target.stop.is_set():
            with suppress(requests.RequestException):
                _send_batch(target, photos)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(send, range(5)))


def ask_for_renders(target: Target) -> None:
    """Ask for one photo at all strengths, as AVIF, twenty at a time."""
    result = target.post(picture(2000, 1500)).json()["links"]["result"]

    def ask(number: int) -> None:
        while not target.stop.is_set():
            number = (number * 7 + 13) % 100
            query = {"strength": str(number), "format": "avif"}
            with suppress(requests.RequestException):
                requests.get(target.address + result, query, timeout=120)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))


def send_many_files(target: Target) -> None:
    """Send a batch of 950 files that are no pictures, beside connections that do nothing."""
    files = [("file", (f"{number}.jpg", bytes(512_001))) for number in range(950)]
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(target.connect())
        while not target.stop.is_set():
            with suppress(requests.RequestException):
                requests.post(f"{target.address}/api/v1/photos", files=files, timeout=300)


def send_as_a_stranger(target: Target) -> None:
    """Send large bodies without a token."""
    body = bytes(60_000_000)

    def send(_: int) -> None:
        while not target.stop.is_set():
            with suppress(requests.RequestException):
                requests.post(f"{target.address}/", files={"file": ("a", body)}, timeout=60)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))


def guess_tokens(target: Target) -> None:
    """Try one token after the other."""

    def guess(number: int) -> None:
        with requests.Session() as session:
            while not target.stop.is_set():
                number += 1
                headers = {"Authorization": f"Bearer {number}"}
                with suppress(requests.RequestException):
                    session.get(f"{target.address}/api/v1/photos", headers=headers, timeout=30)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(guess, range(4)))


OPEN: dict[str, Attack] = {
    **{name: send_again_and_again(make) for name, make in hostile.FILES.items()},
    "mutations": send_mutations,
    "large photos": send_again_and_again(lambda: picture(8000, 6000), together=2),
    "many files": send_many_files,
    "half headers": send_slowly(b"GET / HTTP/1.1\r\nHost: x\r\nX-", b"a"),
    "slow bodies": send_slowly(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: 9000000\r\n\r\n",
        b"a",
    ),
    "stalled downloads": stall_downloads,
    "five batches": send_batches,
    "renders": ask_for_renders,
}
PRIVATE: dict[str, Attack] = {"bodies of strangers": send_as_a_stranger, "guesses": guess_tokens}


def main() -> None:
    """Attack the app in each way for some seconds, and print what the honest visitor saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", nargs="*", help="some of them by name; by default all")
    parser.add_argument("--seconds", type=float, default=15, help="that each attack lasts")
    arguments = parser.parse_args()
    print(f"{'attack':20} {'sent':>5} {'failed':>6} {'median':>7} {'longest':>7} {'memory':>9}")
    bad = 0
    for attacks, token in ((OPEN, None), (PRIVATE, TOKEN)):
        chosen = {
            name: attack
            for name, attack in attacks.items()
            if not arguments.attacks or name in arguments.attacks
        }
        if chosen:
            bad += _besiege(chosen, token, arguments.seconds)
    sys.exit(bad > 0)


def _besiege(attacks: dict[str, Attack], token: str | None, seconds: float) -> int:
    """Start the app, attack it; return how many attacks hurt the honest visitor."""
    bad = 0
    with serving({"COLORIZER_TOKEN": token} if token else {}) as app:
        wait_until(lambda: requests.get(f"{app.address}/readyz", timeout=30).ok)
        visitor = Visitor(app.address, token)
        visitor.send()  # warms up
        usual, memory = median(visitor.visit(10)), most_memory(app.process.pid)
        print(f"{'nothing':20} {10:5} {0:6} {usual:6.2f}s {'':7} {memory:6.0f} MB")
        for name, attack in attacks.items():
            target = Target(app.address)
            attacker = threading.Thread(target=attack, args=(target,), daemon=True)
            attacker.start()
            took = visitor.visit(seconds)
            memory = most_memory(app.process.pid)
            target.stop.set()
            attacker.join(120)
            if app.process.poll() is not None:
                sys.exit(
                    f"{name}: the app has ended with {app.process.returncode}: {app.last_words()}"
                )
            failed = sum(one == float("inf") for one in took)
            hurt = failed or max(took) > PATIENCE * usual
            bad += bool(hurt)
            print(
                f"{name:20} {len(took):5} {failed:6} {median(took):6.2f}s {max(took):6.2f}s "
                f"{memory:6.0f} MB{'  <-' if hurt else ''}",
                flush=True,
            )
    return bad


class Visitor:
    """Somebody honest, in a browser of their own."""

    def __init__(self, address: str, token: str | None) -> None:
        self._address = address
        self._photo = picture(640, 480)
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        else:
            self._session.get(address, timeout=30)  # for the cookie

    def send(self) -> float:
        """Send a photo; return the seconds until it was coloured, infinite if it was not."""
        started = time.perf_counter()
        try:
            answer = self._session.post(
                f"{self._address}/api/v1/photos",
                files={"file": ("grandmother.jpg", self._photo)},
                data={"model": "builtin"},
                timeout=60,
            )
        except requests.RequestException:
            return float("inf")
        return time.perf_counter() - started if answer.status_code == 201 else float("inf")

    def visit(self, seconds: float) -> list[float]:
        """Send a photo every second, however long the last one takes."""
        with ThreadPoolExecutor(64) as pool:
            sent = []
            for _ in range(round(seconds)):
                sent.append(pool.submit(self.send))
                time.sleep(1)
            return [one.result() for one in sent]


def _send_batch(target: Target, photos: list[bytes]) -> str:
    """Send several photos by the page's form; return the address of their page."""
    with requests.Session() as session:
        page = session.get(target.address, timeout=60).text
        token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
        answer = session.post(
            f"{target.address}/",
            files=[("file", (f"{number}.jpg", photo)) for number, photo in enumerate(photos)],
            data={"model": "builtin", "csrf_token": token},
            timeout=600,
        )
        answer.raise_for_status()
        return answer.url


if __name__ == "__main__":
    main()
