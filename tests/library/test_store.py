from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from colorizer.errors import NotFoundError
from colorizer.library.records import Record
from colorizer.library.store import Store, new_id
from colorizer.places import root

RECORD = Record(
    id="",
    owner="me",
    created="",
    name="할머니.jpg",
    original="original.jpg",
    result="result.jpg",
    kind="JPEG",
    model="artistic",
    requested_model=None,
    render_factor=35,
    requested_render_factor=35,
    strength=100,
    width=1,
    height=1,
    seconds=1.0,
)


def add(store, hours_ago=0.0, **changes):
    created = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
    changes = {"id": new_id(), "created": created.isoformat()} | changes
    record = dataclasses.replace(RECORD, **changes)
    with store.incoming() as folder:
        (folder / record.original).write_bytes(b"before")
        (folder / record.result).write_bytes(b"after")
        store.add(folder, record)
    return record


def test_what_is_added_is_found_again_and_deleted_wholly(tmp_path):
    store = Store(tmp_path)
    record = add(store)
    assert store.get(record.id) == record
    assert store.path(record, record.result).read_bytes() == b"after"
    store.delete(record)
    store.delete(record)  # twice does no harm
    with pytest.raises(NotFoundError):
        store.get(record.id)
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock"]


@pytest.mark.parametrize("id", ["", ".", "..", "../../etc", ".incoming", "x" * 22, "a/b"])
def test_an_id_is_no_path(tmp_path, id):
    with pytest.raises(NotFoundError):
        Store(tmp_path).get(id)


def test_photos_are_listed_to_their_owner_newest_first(tmp_path):
    store = Store(tmp_path)
    records = [add(store, hours_ago) for hours_ago in (3, 1, 2)]
    add(store, owner="somebody else")
    assert store.list("me") == [records[1], records[2], records[0]]


def test_photos_are_kept_for_their_hours(tmp_path):
    store = Store(tmp_path, keep_hours=24)
    young, old = add(store, 23.9), add(store, 24.1)
    assert store.list("me") == [young]
    with pytest.raises(NotFoundError):
        store.get(old.id)
    assert store.delete_expired() == 1
    assert not (tmp_path / old.id).exists()
    assert (tmp_path / young.id).exists()


def test_what_fails_half_way_leaves_nothing(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(ZeroDivisionError), store.incoming() as folder:
        (folder / "original").write_bytes(b"half")
        raise ZeroDivisionError
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock"]


def test_the_next_start_removes_what_a_killed_process_left_but_not_what_a_living_one_writes(
    tmp_path,
):
    script = """
import sys
from pathlib import Path
from colorizer.library.store import Store
with Store(Path(sys.argv[1])).incoming() as folder:
    (folder / "original").write_bytes(b"half")
    print("written", flush=True)
    sys.stdin.read()
"""
    arguments = [sys.executable, "-c", script, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(arguments, cwd=root(), **pipes) as process:
        process.stdout.readline()
        Store(tmp_path)
        assert len(list(tmp_path.rglob("original"))) == 1
        process.send_signal(signal.SIGKILL)
    Store(tmp_path)
    assert not list(tmp_path.rglob("original"))
    assert not [p for p in tmp_path.iterdir() if p.name != ".incoming"]
