"""What is over is deleted, whatever else happens."""

from __future__ import annotations

import os

import pytest
from support.records import add

from colorizer.jobs.tidy import DOUBT, Tidy
from colorizer.library.batches import Batches
from colorizer.library.store import Store

DAY = 24 * 3600


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, keep_hours=24)


def test_a_batch_that_stops_the_round_keeps_no_photo(store, tmp_path, caplog):
    over = add(store, hours_ago=25)
    batches = Batches(store)
    os.rename(tmp_path / ".batches", tmp_path / "elsewhere")
    (tmp_path / ".batches").write_bytes(b"no folder")
    Tidy(store, batches).run()
    assert not (tmp_path / over.id).exists()


def test_a_store_that_stops_the_round_keeps_no_batch(store, tmp_path, caplog):
    batches = Batches(store)
    left = tmp_path / ".batches" / f"{'x' * 22}.json"
    left.write_bytes(b"")
    os.utime(left, (0, 0))

    class Broken(Store):
        def delete_expired(self):
            raise ZeroDivisionError

    store.__class__ = Broken
    Tidy(store, batches).run()
    assert not left.exists()
    assert "ZeroDivisionError" in caplog.text


def test_a_clock_that_jumps_ahead_is_not_believed_for_an_hour(store, caplog):
    over = add(store, hours_ago=25)
    wall, steady = [1e9], [5.0]
    tidy = Tidy(store, Batches(store), lambda: wall[0], lambda: steady[0])

    def later(seconds, jump=0):
        steady[0] += seconds
        wall[0] += seconds + jump
        tidy.run()
        return store.path(over, "meta.json").exists()

    assert later(300, jump=365 * DAY)
    assert "jumped ahead" in caplog.text
    assert later(DOUBT - 1)
    assert not later(1)


def test_a_clock_that_is_put_back_or_creeps_is_believed(store):
    wall, steady = [1e9], [5.0]
    tidy = Tidy(store, Batches(store), lambda: wall[0], lambda: steady[0])
    for jump in (-DAY, 60):
        over = add(store, hours_ago=25)
        wall[0] += 300 + jump
        steady[0] += 300
        tidy.run()
        assert not store.path(over, "meta.json").exists()
