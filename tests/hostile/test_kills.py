"""The app killed while it is at work: nothing is half, lost or back."""

from __future__ import annotations

from benchmarks.kills import kill_again_and_again


def test_after_kills_all_is_there_that_was_kept_and_nothing_that_was_deleted(tmp_path):
    faults, ledger = kill_again_and_again(5, seed=1, uploads=tmp_path)
    assert faults == []
    assert ledger.kept
