from __future__ import annotations

import errno
import json
import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.records import add, writing_process

from colorizer.errors import NotFoundError
from colorizer.library.batches import Batch, Batches, Entry
from colorizer.library.store import Store, new_id

ENTRY = (
    '{"id": "xxxxxxxxxxxxxxxxxxxxxx", "owner": "me", "created": "2026-01-02T03:04:05+00:00",'
    ' "entries": [{%s}]}'
)


def batch(*entries, hours_ago=0.0):
    created = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
    return Batch(new_id(), "me", created.isoformat(), list(entries))


def test_a_batch_comes_back_as_it_was_and_goes_with_its_photos(tmp_path):
    store = Store(tmp_path)
    batches, record = Batches(store), add(store)
    message = {"message": "%(folder)s is full", "params": {"folder": "a"}}
    made = batch(
        Entry("할머니.jpg", "done", record.id),
        Entry("b.jpg", "done", new_id()),  # deleted since
        Entry("c.jpg", "failed", **message),
    )
    assert batches.is_new(made.id)
    batches.write(made)
    assert not batches.is_new(made.id)
    assert batches.get(made.id) == made
    assert batches.records(made) == [record]
    batches.delete(made)
    assert store.find(record.id) is None
    with pytest.raises(NotFoundError):
        batches.get(made.id)


def test_what_a_failure_says_is_kept_as_text_where_it_is_no_json(tmp_path):
    batches = Batches(Store(tmp_path))
    made = batch(Entry("a", "failed", message="%(folder)s is full", params={"folder": Path("x")}))
    batches.write(made)
    assert batches.get(made.id).entries[0].params == {"folder": "x"}


def test_what_has_not_ended_was_interrupted_unless_it_is_running(tmp_path):
    batches = Batches(Store(tmp_path))
    made = batch(Entry("a", "done", new_id()), Entry("b", "coloring"), Entry("c"))
    batches.write(made)
    with batches.running(made.id):
        assert batches.get(made.id) == made
        assert batches.get(made.id).running
    states = [entry.state for entry in batches.get(made.id).entries]
    assert states == ["done", "interrupted", "interrupted"]
    assert not batches.get(made.id).running


def test_a_batch_of_the_first_release_is_shown(tmp_path):
    batches, id = Batches(Store(tmp_path)), new_id()
    entry = {"name": "a", "state": "colouring", "photo": None, "message": "", "params": {}}
    data = {"id": id, "owner": "me", "created": "2026-01-02T03:04:05+00:00", "entries": [entry]}
    (tmp_path / ".batches" / f"{id}.json").write_text(json.dumps(data))
    assert batches.get(id).entries == [Entry("a", "interrupted")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"entries": [3]}',
        '{"entries": [], "x": 1}',
        "[" * 100_000,
        b"\xff\xfe\xfd",
        ENTRY % '"name": 3',
        ENTRY % '"name": "\\ud800"',
        ENTRY % '"name": "a", "state": "ended"',
        ENTRY % '"name": "a", "state": "done", "photo": "../../etc"',
        ENTRY % '"name": "a", "state": "done", "photo": ["a"]',
        ENTRY % '"name": "a", "message": "%(b)s", "params": {"a": 1}',
        ENTRY % '"name": "a", "message": "%(b)d", "params": {"b": "c"}',
        ENTRY % '"name": "a", "message": "%", "params": {"b": "c"}',
        ENTRY % '"name": "a", "message": "b", "params": {"message": "c"}',
        ENTRY.replace("2026", "9999") % '"name": "a"',
        (ENTRY % '"name": "a"').replace("x" * 22, "y" * 22),
    ],
)
def test_one_that_can_not_be_read_is_told_of_and_stops_nothing(tmp_path, caplog, text):
    batches, id = Batches(Store(tmp_path, keep_hours=24)), "x" * 22
    files = [tmp_path / ".batches" / name for name in (f"{id}.json", ".0123456789abcdef.part.json")]
    for file in files:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    for _ in range(3):
        with pytest.raises(NotFoundError):
            batches.get(id)
    (line,) = caplog.messages
    assert id in line
    old, young = batch(hours_ago=25), batch(hours_ago=23)
    batches.write(old)
    batches.write(young)
    batches.delete_expired()
    assert batches.is_new(old.id)
    assert not batches.is_new(young.id)
    assert files[0].exists()
    for file in files:
        os.utime(file, (time.time() - 25 * 3600,) * 2)
    batches.delete_expired()
    assert not any(file.exists() for file in files)
    assert not batches.is_new(young.id)


def test_the_text_that_those_are_made_of_is_a_batch(tmp_path):
    batches = Batches(Store(tmp_path))
    text = ENTRY % '"name": "a", "state": "failed", "message": "%(b)d", "params": {"b": 1}'
    (tmp_path / ".batches" / f"{'x' * 22}.json").write_text(text)
    assert batches.get("x" * 22).entries[0].state == "failed"


def test_another_process_knows_that_a_batch_is_running_until_that_process_ends(tmp_path):
    script = """
import sys
from pathlib import Path
from colorizer.library.batches import Batch, Batches, Entry
from colorizer.library.store import Store
batches, id = Batches(Store(Path(sys.argv[1]))), "x" * 22
with batches.running(id):
    batches.write(Batch(id, "me", "2026-01-02T03:04:05+00:00", [Entry("a")]))
    print("written", flush=True)
    sys.stdin.read()
"""
    with writing_process(script, tmp_path):
        batches = Batches(Store(tmp_path, keep_hours=1))
        batches.delete_expired()  # It is not over while it runs.
        assert batches.get("x" * 22).running
    assert not batches.get("x" * 22).running
    batches.delete_expired()
    assert list((tmp_path / ".batches").iterdir()) == []


def test_a_deleted_batch_is_not_written_again_and_is_told_that_it_is_not_wanted(tmp_path):
    batches, made = Batches(Store(tmp_path)), batch(Entry("a"))
    with batches.running(made.id):
        assert batches.write(made)
        assert batches.note(made)
        batches.delete(made)
        assert not batches.note(made)
        assert not batches.write(made)
        with pytest.raises(NotFoundError):
            batches.get(made.id)
    assert batches.is_new(made.id)


def test_what_a_kill_leaves_of_a_batch_goes_with_the_next_start(tmp_path, monkeypatch):
    batches, made = Batches(Store(tmp_path)), batch(Entry("grandmother.jpg"))
    flush, halves = os.fsync, []

    def look(descriptor):
        halves.extend(path.name for path in (tmp_path / ".batches").glob("*"))
        halves.extend(path.name for path in tmp_path.glob(".incoming/*/*/*"))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    assert batches.write(made)
    assert set(halves) == {f"{made.id}.json"}
    assert halves[0] in os.listdir(tmp_path / ".batches")
    assert not list(tmp_path.glob(".incoming/*/*"))


def test_a_full_disk_costs_a_batch_nothing_but_the_disk(tmp_path, monkeypatch):
    batches, made = Batches(Store(tmp_path)), batch(Entry("a"))
    path = tmp_path / ".batches" / f"{made.id}.json"

    def refuse(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, batches.running(made.id):
        patch.setattr(os, "fsync", refuse)
        assert batches.write(made)
        made.entries[0] = Entry("a", "failed", message="full")
        assert batches.write(made)
        assert batches.get(made.id) == made
    assert batches.get(made.id) == made
    assert not path.exists()
    batches.delete_expired()  # tries again
    assert path.exists()
    assert Batches(Store(tmp_path)).get(made.id) == made
