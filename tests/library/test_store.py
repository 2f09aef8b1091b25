from __future__ import annotations

import os
import shutil
import stat
from datetime import datetime, timezone

import pytest
from support.records import add, stored_files, unremovable, writing_process

from colorizer.errors import NotFoundError, StorageError
from colorizer.library.store import Store


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
    record = add(store)
    with unremovable(monkeypatch, "result.jpg"):
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
    with writing_process(script, tmp_path):
        Store(tmp_path)
        assert len(list(tmp_path.rglob("original"))) == 1
    Store(tmp_path)
    assert not list(tmp_path.rglob("original"))
    assert stored_files(tmp_path) == []


def rights(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_nobody_else_of_the_machine_reads_photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / ("x" * 22)).mkdir(parents=True)
    for path in (folder, folder / ("x" * 22)):  # as former releases left them
        path.chmod(0o755)
    mask = os.umask(0o022)
    try:
        store = Store(folder)
        record = add(store)
        with store.attach(record, "70.tif") as path:
            path.write_bytes(b"whole")
    finally:
        os.umask(mask)
    found = [folder, *folder.rglob("*")]
    assert len(found) > 10
    assert {rights(path) for path in found if path.is_dir()} == {0o700}
    assert {rights(path) for path in found if path.is_file()} == {0o600}


def test_a_photos_folder_that_stands_elsewhere_is_no_photo(tmp_path):
    store, other = Store(tmp_path / "one", 24), Store(tmp_path / "other")
    record = add(other, hours_ago=25)
    (tmp_path / "one" / record.id).symlink_to(tmp_path / "other" / record.id)
    store.delete_expired()
    assert store.find(record.id) is None
    assert other.get(record.id) == record


def test_a_photo_that_is_yet_to_be_made_is_as_old_as_its_folder(tmp_path):
    store = Store(tmp_path, keep_hours=24)
    old, young = add(store, -500), add(store, -500)
    hours_ago = datetime.now(timezone.utc).timestamp() - 25 * 3600
    os.utime(tmp_path / old.id, (hours_ago, hours_ago))
    assert store.delete_expired() == 1
    assert store.newest(9) == [young]


def test_a_deletion_that_is_refused_says_so(tmp_path, monkeypatch):
    store = Store(tmp_path)
    record = add(store)

    def refuse(*names):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse)
        with pytest.raises(StorageError, match="can't write"):
            store.delete(record)
    assert store.get(record.id) == record


def test_what_was_deleted_and_stayed_on_the_disk_goes_with_the_next_round(tmp_path, monkeypatch):
    store = Store(tmp_path)
    record = add(store)
    with unremovable(monkeypatch, "result.jpg"):
        store.delete(record)
    assert stored_files(tmp_path) != []
    store.delete_expired()
    assert stored_files(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "3 MB should be free"),
        (OSError(122, "Disk quota exceeded"), "3 MB should be free"),
        (OSError(30, "Read-only file system"), "can't write"),
    ],
)
def test_what_the_disk_refuses_is_said_in_words(tmp_path, error, sentence):
    store = Store(tmp_path, room=3_000_000)
    with pytest.raises(StorageError, match=sentence), store.incoming() as folder:
        (folder / "original").write_bytes(b"half")
        raise error
    assert stored_files(tmp_path) == []
    with pytest.raises(OSError, match="too many"), store.incoming():
        raise OSError(24, "too many open files")


def test_it_tells_when_the_disk_is_as_good_as_full_or_gone(tmp_path):
    assert Store(tmp_path).trouble is None
    assert Store(tmp_path, room=1 << 62).trouble == "full"
    store = Store(tmp_path / "a")
    shutil.rmtree(tmp_path / "a")
    assert store.trouble == "shut"
