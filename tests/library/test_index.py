"""The list of photos: quick however many others there are, and of no value of its own."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
from support.records import add, stored_files

from colorizer.library.store import Store

INDEX = ".index.sqlite3"


def spoil(store, record):
    store.path(record, "meta.json").write_bytes(b"{")


@pytest.fixture(autouse=True)
def warnings_told(caplog):
    caplog.set_level(logging.WARNING)
    return caplog


def test_nobody_elses_record_is_read(tmp_path, caplog):
    store = Store(tmp_path, keep_hours=24)
    mine = [add(store, hours) for hours in (1, 2, 3)]
    others = [add(store, owner=f"somebody else {n}") for n in range(200)]
    for record in others:
        spoil(store, record)
    assert store.list("me") == mine
    assert store.list("me", 1, 1) == [mine[1]]
    assert store.list("me", 2) == [mine[2]]
    assert store.count("me") == 3
    assert caplog.text == ""


def test_the_newest_of_all_come_first(tmp_path):
    store = Store(tmp_path)
    records = [add(store, hours, owner=str(hours)) for hours in (3, 1, 2)]
    assert store.newest(2) == [records[1], records[2]]


@pytest.mark.parametrize("harm", ["deleted", "no database", "torn", "another table", "a folder"])
def test_it_is_made_anew_from_the_folders(tmp_path, caplog, harm):
    store, index = Store(tmp_path), tmp_path / INDEX
    records = [add(store, hours) for hours in range(50)]
    content = index.read_bytes()
    index.unlink()
    if harm == "no database":
        index.write_bytes(b"Dear grandmother, " * 1000)
    elif harm == "torn":
        index.write_bytes(content[: len(content) // 2])
    elif harm == "another table":
        sqlite3.connect(index).execute("CREATE TABLE photos (name)")
    elif harm == "a folder":
        (index / "inside").mkdir(parents=True)  # it can't be deleted as a file
    for _ in range(2):
        caplog.clear()
        store = Store(tmp_path)
        assert store.list("me") == records
        assert store.count("me") == len(records)
        records.insert(0, add(store))
    # The second start finds the first one's, unless there can't be any.
    assert bool(caplog.text) == index.is_dir() == (harm == "a folder")


def test_one_that_is_spoilt_meanwhile_costs_nobody_anything(tmp_path):
    store = Store(tmp_path)
    records = [add(store, hours) for hours in range(50)]
    with (tmp_path / INDEX).open("r+b") as file:
        file.write(b"no database" * 10_000)
    assert store.list("me") == records
    records.insert(0, add(store))
    store.delete(records.pop())
    assert store.list("me") == records
    assert Store(tmp_path).list("me") == records


def test_it_follows_the_folders(tmp_path):
    """Two processes on one folder, one of which has lost its index to the other."""
    one = Store(tmp_path)
    first = add(one)
    (tmp_path / INDEX).unlink()
    other = Store(tmp_path)
    second = add(other)
    assert one.get(second.id) == second
    assert one.list("me") == [first]
    one.delete(first)
    for store in (one, other):
        assert store.list("me") == [second]
    third = add(one)
    for store in (one, other):
        assert store.list("me") == [third, second]
    one.delete(third)
    for store in (one, other):
        assert store.list("me") == [second]
        assert store.count("me") == 1
    shutil.rmtree(tmp_path / second.id)
    one.delete_expired()
    for store in (one, other):
        assert store.count("me") == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"{"),
        lambda path: path.write_text(json.dumps(json.loads(path.read_bytes()) | {"version": 9})),
        lambda path: path.write_text(json.dumps(json.loads(path.read_bytes()) | {"id": "y" * 22})),
        lambda path: path.unlink(),
        lambda path: path.unlink() or path.mkdir(),
        lambda path: path.rename(path.with_name("a")) and path.symlink_to("a"),
        lambda path: path.unlink() or os.mkfifo(path),
        lambda path: path.write_bytes(b" " * (2 << 20) + path.read_bytes()),
    ],
)
def test_a_photo_that_is_not_understood_is_left_out_and_told_of_once(tmp_path, caplog, change):
    before = Store(tmp_path)
    good, bad = add(before), add(before, owner="somebody else")
    change(before.path(bad, "meta.json"))
    (tmp_path / INDEX).unlink()
    store = Store(tmp_path, keep_hours=24)
    for _ in range(3):
        store.delete_expired()
        assert store.list("me") == store.newest(9) == [good]
        assert store.list("somebody else") == []
        assert store.find(bad.id) is None
    (line,) = caplog.messages
    assert bad.id in line
    assert (tmp_path / bad.id).exists()


def test_what_can_not_be_read_expires_by_its_folders_time_and_stops_nothing(
    tmp_path, caplog, monkeypatch
):
    store = Store(tmp_path, keep_hours=24)
    old, young, stuck = (add(store, 0) for _ in range(3))
    expired = add(store, 25)
    hours_ago = datetime.now(timezone.utc) - timedelta(hours=25)
    for record in (old, young, stuck):
        spoil(store, record)
    for record in (old, stuck):
        os.utime(tmp_path / record.id, (hours_ago.timestamp(),) * 2)
    (tmp_path / INDEX).unlink()
    store, rename = Store(tmp_path, keep_hours=24), os.rename

    def refuse(source, target):
        if stuck.id in str(source):
            raise ZeroDivisionError  # whatever it may be
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    assert store.delete_expired() == 2
    assert not (tmp_path / old.id).exists()
    assert not (tmp_path / expired.id).exists()
    assert (tmp_path / young.id).exists()
    assert any(stuck.id in message for message in caplog.messages)
    monkeypatch.undo()
    assert store.delete_expired() == 1
    assert len(stored_files(tmp_path)) == 4
