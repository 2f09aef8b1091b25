from __future__ import annotations

import dataclasses
import json
import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.records import add

from colorizer.errors import NotFoundError
from colorizer.library.batches import Batch, Batches, Entry
from colorizer.library.store import Store, new_id


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


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"entries": [3]}', '{"entries": [], "x": 1}'])
def test_one_that_can_not_be_read_is_told_of_and_stops_nothing(tmp_path, caplog, text):
    batches, id = Batches(Store(tmp_path, keep_hours=24)), new_id()
    files = [tmp_path / ".batches" / name for name in (f"{id}.json", ".0123456789abcdef.part.json")]
    for file in files:
        file.write_text(text)
    with pytest.raises(NotFoundError):
        batches.get(id)
    assert id in caplog.text
    old, young, far = batch(hours_ago=25), batch(hours_ago=23), "9999-12-31T23:59:59+00:00"
    batches.write(dataclasses.replace(young, id=new_id(), created=far))
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
