"""Several photos of one upload."""

from __future__ import annotations

import threading

import pytest
from support.records import add

from colorizer.errors import ColorizerError
from colorizer.jobs.batch import run_batch
from colorizer.library.batches import Batches
from colorizer.library.store import Store, new_id


def test_two_photos_of_a_batch_are_in_hand_at_a_time(tmp_path):
    batches, id = Batches(Store(tmp_path)), new_id()
    together, in_hand = threading.Barrier(2), set()

    def color(file, name):
        in_hand.add(name)
        assert len(in_hand) <= 2
        together.wait(60)
        in_hand.remove(name)
        raise ColorizerError("as it should be")

    run_batch(batches, id, "me", [(None, str(number)) for number in range(6)], color)
    assert {entry.message for entry in batches.get(id).entries} == {"as it should be"}


def test_a_batch_shows_what_became_of_each_and_survives_a_kill(tmp_path):
    batches, id = Batches(Store(tmp_path)), new_id()
    seen = []

    def color(file, name):
        seen.append([entry.state for entry in batches.get(id).entries])
        if file == 1:
            raise ColorizerError("%(name)s is bad", name=name)
        if file == 2:
            raise ZeroDivisionError
        raise SystemExit  # as the process ends

    with pytest.raises(SystemExit):
        run_batch(batches, id, "me", [(1, "a"), (2, "b"), (3, "c"), (4, "d")], color, at_once=1)
    assert seen[0] == ["coloring", "waiting", "waiting", "waiting"]
    assert seen[2] == ["failed", "failed", "coloring", "waiting"]
    entries = batches.get(id).entries
    assert [entry.state for entry in entries] == ["failed", "failed", *["interrupted"] * 2]
    assert entries[0].message % entries[0].params == "a is bad"
    assert "log" in entries[1].message
    assert not batches.get(id).running
    assert Batches(Store(tmp_path)).get(id).entries == entries


def test_a_batch_that_is_deleted_meanwhile_ends_and_keeps_nothing(tmp_path):
    store = Store(tmp_path)
    batches, id, colored = Batches(store), new_id(), []

    def color(file, name):
        if name == "b":
            batches.delete(batches.get(id))
        colored.append(add(store))
        return colored[-1]

    run_batch(batches, id, "me", [(None, name) for name in "abcd"], color, at_once=1)
    assert len(colored) == 2
    assert store.list("me") == []
    assert batches.is_new(id)
