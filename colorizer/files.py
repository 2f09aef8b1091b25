"""Files that appear as a whole or not at all, and are what they seem, whatever the system."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

# A link isn't followed, and a pipe that nobody writes to isn't waited for. Windows has neither.
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_PART = re.compile(r"\.[0-9a-f]{16}\.part(\.\w+)?")


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Lend a new name beside `path` to write a file to, which is then renamed to `path`.

    What fails in the block leaves nothing behind, and a kill no more than the file under the name
    lent, which is hidden. It ends like `path`, since encoders go by that, and two calls never get
    the same one.

    Raises
    ------
    OSError
        If the file can't be put in its place. A file that was at `path` is still there then.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part{path.suffix}")
    try:
        yield part
        put_in_place(part, path)
    finally:
        part.unlink(missing_ok=True)


def is_part(path: Path) -> bool:
    """Tell whether a name is one that `written_whole` lends."""
    return _PART.fullmatch(path.name) is not None


def put_in_place(part: Path, path: Path) -> None:
    """Rename a finished file to `path`, in place of what is there; not even a power cut tears it.

    Raises
    ------
    OSError
        If it can't be, as where the folder of `path` is gone.
    """
    flush(part)
    os.replace(part, path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Write a file's or a folder's content through to the disk.

    Of a folder, this is tried only: Windows opens none, and not every file system flushes them.
    A failure costs no more than the last renames in it, and those only if the power fails.

    Raises
    ------
    OSError
        If a file can't be written through.
    """
    if path.is_dir():
        with contextlib.suppress(OSError):
            _flush(path, os.O_RDONLY)
    else:
        _flush(path, os.O_RDWR)  # Windows flushes what is open for writing alone.


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no hard links.

    Raises
    ------
    FileExistsError
        If there is something at `target`.
    OSError
        If `source` can't be read, or `target` not be written.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def is_plain(path: Path) -> bool:
    """Tell whether a file with something in it stands at `path`: no folder, no symbolic link."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


def read_plain(path: Path, most: int) -> bytes:
    """Read a file that stands at `path` itself, and is of `most` bytes at most.

    Raises
    ------
    OSError
        If there is none, or a folder, a symbolic link or anything else that is no regular file, or
        it is longer or can't be read.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _PLAIN)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "It is no regular file", str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


def make_private(path: Path) -> None:
    """Take all rights to a file or folder from other users of the machine.

    Where the system doesn't let us, this is logged.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            path.chmod(mode & ~0o077)
    except OSError as error:
        log.warning("%s may be read by other users of this machine: %s", path, error.strerror)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
