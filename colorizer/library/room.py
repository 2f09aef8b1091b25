"""Whether the disk takes photos: what is free, and what it refuses, in words."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from colorizer.errors import N_, StorageError

log = logging.getLogger(__name__)

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows has no quotas.
_SHUT = (errno.EROFS, errno.EACCES, errno.EPERM)

Trouble = Literal["full", "shut"]


def find_trouble(folder: Path, room: int) -> Trouble | None:
    """Tell whether a folder's disk is as good as full, or nothing can be written there.

    Parameters
    ----------
    folder
        The folder.
    room
        How many bytes should be free.
    """
    try:
        if not os.access(folder, os.W_OK | os.X_OK):
            return "shut"
        return "full" if shutil.disk_usage(folder).free < room else None
    except OSError:  # as where it is gone
        return "shut"


def check_room(folder: Path, needed: int) -> None:
    """Refuse what a folder's disk has no room for.

    Parameters
    ----------
    folder
        The folder.
    needed
        How many bytes it is likely to take.

    Raises
    ------
    StorageError
        If fewer are free; it says how many.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            N_(
                "This film is likely to take %(needed)d MB of the server’s disk, and %(free)d MB "
                "are free. Send a shorter one, or tell whoever runs the server."
            ),
            needed=-(-needed // 1_000_000),
            free=free // 1_000_000,
        )


@contextlib.contextmanager
def refusals_told(folder: Path, room: int) -> Iterator[None]:
    """Say in words what the disk refuses in the block; for the parameters see `find_trouble`.

    Raises
    ------
    StorageError
        If the disk is full or its user has no more of it, or nothing can be written there. The log
        gets the system's own words.
    """
    try:
        yield
    except OSError as error:
        told = refusal(error, room)
        if told is None:
            raise
        log.error("%s refuses to be written to: %s", folder, error)
        raise told from error


def refusal(error: OSError, room: int) -> StorageError | None:
    """Return an error of the system in words; None if it is not that the disk refuses something.

    For `room` see `find_trouble`.
    """
    if _says(error, _SHUT):
        return StorageError(
            N_(
                "This server can't write to its folder of photos, so nothing was kept or changed. "
                "Tell whoever runs it; the log says why."
            )
        )
    if is_full(error):
        return StorageError(
            N_(
                "The disk of this server is full, so nothing was kept: %(megabytes)d MB should be "
                "free. Delete photos that you no longer need, or tell whoever runs the server."
            ),
            megabytes=-(-room // 1_000_000),
        )
    return None


def is_full(error: OSError) -> bool:
    """Tell whether an error of the system says that a disk is full, or its user's share of it."""
    return _says(error, _FULL)


def _says(error: OSError, numbers: tuple[int, ...]) -> bool:
    """Tell whether an error is one of these; encoders of pictures have words and no number."""
    if error.errno:
        return error.errno in numbers
    return any(os.strerror(number) in str(error) for number in numbers)
