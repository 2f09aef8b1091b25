"""How long the page of one's photos takes among many: ``python -m benchmarks.gallery``."""

from __future__ import annotations

import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median

import click

from app import create_app
from colorizer.library.records import Record
from colorizer.library.store import Store, new_id
from colorizer.settings import Settings

MINE = 20
REQUESTS = 50


def fill(folder: Path, owner: str, count: int) -> None:
    """Write the records of photos, without their pictures, which the page itself doesn't open."""
    now = datetime.now(timezone.utc)
    for number in range(count):
        created = (now - timedelta(minutes=number)).isoformat(timespec="microseconds")
        record = Record(
            id=new_id(),
            owner=owner,
            created=created,
            name=f"{number:05}.jpg",
            original="original.jpg",
            result="result.jpg",
            kind="JPEG",
            model="artistic",
            requested_model=None,
            render_factor=35,
            requested_render_factor=35,
            strength=100,
            width=4000,
            height=3000,
            seconds=3.3,
        )
        (folder / record.id).mkdir()
        (folder / record.id / "meta.json").write_text(record.to_json(), encoding="utf-8")


def time_start(folder: Path) -> float:
    """Measure the seconds in which a store is ready."""
    started = time.perf_counter()
    Store(folder)
    return time.perf_counter() - started


def time_page(folder: Path, owner: str) -> float:
    """Measure the seconds that ``GET /photos`` takes an owner, the median of several."""
    client = create_app(Settings(uploads=folder, secret_key="?"), generators={}).test_client()
    with client.session_transaction() as session:
        session["owner"] = owner
    seconds = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        answer = client.get("/photos")
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 200
        assert f"{MINE - 1:05}.jpg" in answer.text
    return median(seconds)


@click.command()
@click.option("--count", default=20_000, help="Of stored photos.")
def main(count: int) -> None:
    """Measure with few photos, with many of others, and with many of one's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, "me", MINE)
        print(f"GET /photos, {MINE} stored: {1000 * time_page(folder, 'me'):.1f} ms")
        fill(folder, "somebody else", count - MINE)
        (folder / ".index.sqlite3").unlink()
        print(f"start, {count} stored, index made anew: {1000 * time_start(folder):.0f} ms")
        print(f"start, {count} stored: {1000 * time_start(folder):.0f} ms")
        for owner, whose in (("me", "others'"), ("somebody else", "one's own")):
            seconds = time_page(folder, owner)
            print(f"GET /photos, {count} stored, most of them {whose}: {1000 * seconds:.1f} ms")


if __name__ == "__main__":
    main()
