"""The hints of a stored photo: kept whole, under a version that rises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from support.records import add, writing_process

from colorizer.coloring.hints import Hint
from colorizer.errors import ChangedError, NotFoundError, OptionError
from colorizer.jobs.hints import KeptHints, keep_hints, kept_hints
from colorizer.library.records import HINTS
from colorizer.library.store import Store

NAVY, PIN = Hint(0.25, 0.5, "#1f2f5f"), Hint(0.5, 0.5, None, 0.1)

# It stops where the new list is written and has not taken the old one's place.
STOPPED = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from colorizer.jobs.hints import keep_hints
from colorizer.library.store import Store

store = Store(Path(sys.argv[1]))
(record,) = store.newest(1)

def stop(*_):
    print(flush=True)
    sys.stdin.read()

os.replace = stop
keep_hints(record, SimpleNamespace(store=store), [])
"""


@pytest.fixture
def runtime(tmp_path):
    return SimpleNamespace(store=Store(tmp_path))


@pytest.fixture
def record(runtime):
    return add(runtime.store)


def test_what_is_kept_is_found_again_under_a_rising_version(runtime, record):
    assert kept_hints(record, runtime) == KeptHints()  # as with photos of earlier releases
    for version, hints in enumerate(((NAVY, PIN), (PIN,), ()), 1):
        kept = keep_hints(record, runtime, hints)
        assert kept == KeptHints(version, hints) == kept_hints(record, runtime)
    assert runtime.store.get(record.id) == record


def test_who_has_not_seen_the_last_change_changes_nothing(runtime, record):
    keep_hints(record, runtime, [NAVY], 0)
    with pytest.raises(ChangedError):
        keep_hints(record, runtime, [], 0)
    assert kept_hints(record, runtime).hints == (NAVY,)


def test_of_two_at_once_one_is_told(runtime, record):
    def keep(number):
        try:
            keep_hints(record, runtime, [Hint(number / 10, 0, None)], 0)
        except ChangedError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(keep, range(8))) == 1
    assert kept_hints(record, runtime).version == 1


def test_a_kill_leaves_the_old_list(tmp_path, runtime, record):
    keep_hints(record, runtime, [NAVY])
    with writing_process(STOPPED, tmp_path):
        assert kept_hints(record, runtime) == KeptHints(1, (NAVY,))
    assert kept_hints(record, runtime) == KeptHints(1, (NAVY,))
    assert keep_hints(record, runtime, [PIN], 1).version == 2  # Nothing is locked for ever.


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"hints": []}',
        '{"version": true, "hints": []}',
        '{"version": 1, "hints": [{}]}',
        '{"version": 1, "hints": [{"x": NaN, "y": 0, "color": null}]}',
        '{"version": 1, "hints": [' + "[" * 50_000,
        '{"version": 1, "hints": []}' + " " * 64_000,
    ],
)
def test_a_file_that_no_release_wrote_is_none(runtime, record, text):
    runtime.store.path(record, HINTS).write_text(text)
    assert kept_hints(record, runtime) == KeptHints()


def test_what_was_made_with_older_hints_goes(runtime, record):
    lists = [(NAVY,), (PIN,), (NAVY, PIN)]
    names = [KeptHints(1, hints).name("result-40.png") for hints in lists]
    assert len({*names, "result-40.png"}) == 4
    assert KeptHints(7, (NAVY,)).name("result-40.png") == names[0]  # The sum is that of the list.
    # What the list before gave may be on its way to somebody.
    for hints, left in (
        ([NAVY], {names[0]}),
        ([PIN], {names[0], names[1]}),
        ([], {names[1]}),
        ([], set()),
    ):
        for name in (*names, "result-40.png"):
            runtime.store.path(record, name).touch()
        keep_hints(record, runtime, hints)
        found = {path.name for path in runtime.store.path(record, "").glob("result-*")}
        assert found == left | {"result-40.png"}


def test_too_many_and_too_late(runtime, record):
    with pytest.raises(OptionError):
        keep_hints(record, runtime, 65 * [NAVY])
    runtime.store.delete(record)
    with pytest.raises(NotFoundError):
        keep_hints(record, runtime, [NAVY])
