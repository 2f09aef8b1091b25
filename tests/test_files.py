from __future__ import annotations

import os
import stat

import pytest

from colorizer.files import (
    flush,
    is_part,
    is_plain,
    link_or_copy,
    make_private,
    read_plain,
    written_whole,
)


def test_a_file_appears_once_it_is_whole_and_its_part_ends_alike(tmp_path):
    target = tmp_path / "photo.jpg"
    with written_whole(target) as part, written_whole(target) as other:
        assert part != other
        assert part.suffix == ".jpg"
        assert part.parent == tmp_path
        assert is_part(part)
        part.write_bytes(b"half")
        assert not target.exists()
        part.write_bytes(b"whole")
        other.write_bytes(b"whole as well")
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]
    assert not is_part(target)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_what_was_there(tmp_path, error):
    target = tmp_path / "photo.jpg"
    target.write_bytes(b"former")
    with pytest.raises(error), written_whole(target) as part:
        part.write_bytes(b"half")
        raise error
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"former"


def test_what_can_not_be_put_in_its_place_is_removed(tmp_path):
    target = tmp_path / "photo.jpg"
    target.mkdir()
    with pytest.raises(OSError), written_whole(target) as part:  # noqa: PT011 - it depends
        part.write_bytes(b"whole")
    assert list(tmp_path.iterdir()) == [target]


def test_a_result_may_be_read_by_those_who_may_read_others(tmp_path):
    before = os.umask(0o027)
    try:
        with written_whole(tmp_path / "a") as part:
            part.write_bytes(b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_the_longest_name_has_room_for_its_part(tmp_path):
    target = tmp_path / ("n" * 251 + ".jpg")
    with written_whole(target) as part:
        part.write_bytes(b"whole")
    assert target.read_bytes() == b"whole"


def test_where_folders_are_not_opened_and_readers_not_flushed_files_are_written(
    tmp_path, monkeypatch
):
    """As on Windows, whose `os.open` refuses folders and whose `os.fsync` refuses readers."""
    open_file, fsync, writers = os.open, os.fsync, []

    def refuse_folders(path, flags, *mode):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied")
        descriptor = open_file(path, flags, *mode)
        if flags & (os.O_WRONLY | os.O_RDWR):
            writers.append(descriptor)
        return descriptor

    def refuse_readers(descriptor):
        if descriptor not in writers:
            raise OSError(9, "Bad file descriptor")
        fsync(descriptor)

    monkeypatch.setattr(os, "open", refuse_folders)
    monkeypatch.setattr(os, "fsync", refuse_readers)
    with written_whole(tmp_path / "a") as part:
        part.write_bytes(b"whole")
    assert len(writers) == 1
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_a_file_that_is_not_there_is_not_flushed(tmp_path):
    with pytest.raises(FileNotFoundError):
        flush(tmp_path / "a")


def test_a_file_is_linked_or_else_copied_and_overwrites_nothing(tmp_path, monkeypatch):
    source, linked, copied = (tmp_path / name for name in ("source", "linked", "copied"))
    source.write_bytes(b"whole")
    link_or_copy(source, linked)
    assert linked.samefile(source)
    with pytest.raises(FileExistsError):
        link_or_copy(source, linked)

    def refuse(*names):
        raise PermissionError(1, "Operation not permitted")  # as of a FAT file system

    monkeypatch.setattr(os, "link", refuse)
    link_or_copy(source, copied)
    assert copied.read_bytes() == b"whole"
    assert not copied.samefile(source)


def test_only_a_file_that_stands_there_itself_is_read(tmp_path):
    path, folder, link, pipe, empty = (tmp_path / name for name in "abcde")
    path.write_bytes(b"whole")
    folder.mkdir()
    link.symlink_to(path)
    os.mkfifo(pipe)
    empty.touch()
    assert read_plain(path, 5) == b"whole"
    assert read_plain(empty, 5) == b""
    assert is_plain(path)
    assert not is_plain(empty)
    with pytest.raises(OSError, match="large"):
        read_plain(path, 4)
    for other in (folder, link, pipe, tmp_path / "f"):
        assert not is_plain(other)
        with pytest.raises(OSError):  # noqa: PT011 - it depends on the system
            read_plain(other, 5)


def test_others_lose_their_rights_and_the_owner_none(tmp_path):
    path = tmp_path / "a"
    path.touch(0o754)
    path.chmod(0o754)
    make_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    make_private(tmp_path / "nothing")  # is logged
