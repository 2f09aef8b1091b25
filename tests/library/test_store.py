from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest
from support.records import add, stored_files

from colorizer.errors import NotFoundError
from colorizer.library.store import Store
from colorizer.places import root


def test_what_is_added_is_found_again_and_deleted_wholly(tmp_path):
    store = Store(tmp_path)
    record = add(store)
    assert store.get(record.id) == record
    assert store.path(record, record.result).read_bytes() == b"result.jpg"
    store.delete(record)
    store.delete(record)  # twice does no harm
    with pytest.raises(NotFoundError):
        store.get(record.id)
    assert stored_files(tmp_path) == []


def test_photos_come_and_go_though_a_cleaner_has_been(tmp_path):
    store = Store(tmp_path)
    first = add(store)
    shutil.rmtree(tmp_path / ".incoming")
    store.delete(first)
    assert not (tmp_path / first.id).exists()
    shutil.rmtree(tmp_path / ".incoming")
    assert store.get(add(store).id)


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


def test_a_file_is_attached_whole_or_not_at_all(tmp_path):
    store = Store(tmp_path)
    record = add(store)
    with store.attach(record, "70.tif") as path:
        path.write_bytes(b"half")
        assert not store.path(record, "70.tif").exists()
        path.write_bytes(b"whole")
    assert store.path(record, "70.tif").read_bytes() == b"whole"
    with pytest.raises(ZeroDivisionError), store.attach(record, "50.tif") as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError
    assert not store.path(record, "50.tif").exists()
    with pytest.raises(NotFoundError), store.attach(record, "30.tif") as path:
        path.write_bytes(b"whole")
        store.delete(record)
    assert stored_files(tmp_path) == []


def test_a_photo_is_out_of_sight_even_if_its_files_can_not_be_removed(
    tmp_path, monkeypatch, caplog
):
    """As on Windows, while one of them is being sent."""
    store = Store(tmp_path)
    record, remove = add(store), os.unlink

    def refuse(path, **options):
        if str(path).endswith("result.jpg"):
            raise PermissionError(13, "Permission denied")
        remove(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        store.delete(record)
    assert record.id in caplog.text
    assert store.find(record.id) is None
    assert store.list("me") == []


def test_what_fails_half_way_leaves_nothing(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(ZeroDivisionError), store.incoming() as folder:
        (folder / "original").write_bytes(b"half")
        raise ZeroDivisionError
    assert stored_files(tmp_path) == []


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
    assert stored_files(tmp_path) == []
