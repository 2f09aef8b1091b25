"""What becomes of each photo is told, and what would fail all of them ends the run."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from colorizer.commands.run import run
from colorizer.commands.targets import Task
from colorizer.errors import BrokenPictureError


def stages(begun, number, error=None):
    begun.append(number)
    yield
    yield
    if error:
        raise error
    return []


def run_with(errors, verbose=False):
    """Run over ten photos of which some fail while they are written."""
    begun = []
    tasks = [Task(Path(f"{number}.jpg"), None) for number in range(10)]
    photos = [stages(begun, number, errors.get(number)) for number in range(10)]
    return run(tasks, photos, verbose), begun


def test_what_nobody_has_foreseen_stops_nothing_and_is_told(capsys):
    errors = {
        1: BrokenPictureError("It is cut off."),
        3: RecursionError("too deep"),
        5: KeyError("x"),
        7: MemoryError(),
    }
    tally, _ = run_with(errors)
    assert (tally.done, tally.failed) == (6, 4)
    lines = capsys.readouterr().err.splitlines()
    assert "1.jpg: It is cut off." in lines
    assert "7.jpg: There is not enough memory for this picture." in lines
    (line,) = (line for line in lines if line.startswith("3.jpg"))
    assert "RecursionError: too deep" in line
    assert not any("Traceback" in line for line in lines)
    run_with(errors, verbose=True)
    told = capsys.readouterr().err
    assert told.count("Traceback") == 2  # of those that nobody has foreseen
    assert "raise error" in told


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        OSError(f"unix error: {os.strerror(errno.ENOSPC)}"),  # as libvips says it
    ],
)
def test_a_full_disk_ends_the_run(error, capsys):
    tally, begun = run_with({4: error})
    assert tally.full
    assert (tally.done, tally.failed) == (4, 1)
    assert max(begun) < 8
    assert capsys.readouterr().err.count("4.jpg") == 1


def test_ctrl_c_ends_the_run_and_counts_what_was_still_written():
    begun = []

    def interrupted():
        yield
        raise KeyboardInterrupt

    tasks = [Task(Path(f"{number}.jpg"), None) for number in range(10)]
    photos = [stages(begun, number) for number in range(10)]
    photos[4] = interrupted()
    tally = run(tasks, photos)
    assert tally.interrupted
    assert (tally.done, tally.failed) == (4, 0)
