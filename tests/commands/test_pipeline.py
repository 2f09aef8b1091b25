"""A pipeline of three stages: each has one photo at a time, all in order, whatever fails."""

from __future__ import annotations

from collections import defaultdict
from threading import Event

import pytest

from colorizer.commands.pipeline import run_pipeline
from colorizer.errors import BrokenPictureError

PATIENCE = 60  # seconds after which a test gives up


class Photos:
    """Photos whose stages do nothing but say how far they are."""

    def __init__(self):
        self.reached = defaultdict(Event)
        self.open = set()

    def stages(self, number, wait_for=(), fails=None):
        self.open.add(number)
        assert len(self.open) <= 3
        try:
            for stage in ("read", "coloured", "written"):
                if stage == "coloured":
                    for other in wait_for:
                        assert self.reached[other].wait(PATIENCE)
                if fails and fails[0] == stage:
                    raise fails[1]
                self.reached[stage, number].set()
                if stage != "written":
                    yield
            return [f"photo {number}"]
        finally:
            self.open.remove(number)


def test_the_next_is_read_and_the_last_one_written_while_one_is_coloured():
    made = Photos()
    photos = [made.stages(0, [("read", 1)])]
    photos += [made.stages(n, [("read", n + 1), ("written", n - 1)]) for n in range(1, 9)]
    photos += [made.stages(9, [("written", 8)])]
    assert list(run_pipeline(photos)) == [[f"photo {n}"] for n in range(10)]


@pytest.mark.parametrize("stage", ["read", "coloured", "written"])
@pytest.mark.parametrize("error", [BrokenPictureError("broken"), OSError("full"), MemoryError()])
def test_what_fails_stops_nothing(stage, error):
    made = Photos()
    photos = [made.stages(n, fails=(stage, error) if n % 2 == 0 else None) for n in range(5)]
    outcomes = list(run_pipeline(photos))
    assert outcomes == [error, ["photo 1"], error, ["photo 3"], error]
    assert not made.open


def test_ctrl_c_stops_the_generator_and_lets_what_is_being_written_end():
    made = Photos()
    photos = [made.stages(n) for n in range(5)]
    photos[2] = made.stages(2, fails=("coloured", KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        list(run_pipeline(photos))
    assert made.reached["written", 1].is_set()
    assert not made.reached["coloured", 3].is_set()
