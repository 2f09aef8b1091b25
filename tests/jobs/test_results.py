"""What else a stored photo gives, and what of it is kept."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.app import app_on
from support.pictures import decoded, encoded, scene

from colorizer.coloring.options import Options
from colorizer.jobs.photo import color_again, color_upload
from colorizer.jobs.results import KEPT_RESULTS, preview_try, result_path


class Counted:
    """A generator that counts its runs."""

    def __init__(self, generator):
        self.weights, self.title = generator.weights, generator.title
        self.device, self.precision = generator.device, generator.precision
        self._generator, self.runs = generator, 0
        self._lock = threading.Lock()

    def predict_chroma(self, luma):
        with self._lock:
            self.runs += 1
        return self._generator.predict_chroma(luma)


@pytest.fixture
def generator(artistic):
    return Counted(artistic)


@pytest.fixture
def runtime(tmp_path, generator):
    return app_on(tmp_path, generator).extensions["colorizer"]


@pytest.fixture
def record(runtime):
    photo = io.BytesIO(encoded(scene()))
    return color_upload(photo, "a.png", "me", Options(render_factor=7), runtime)


def test_a_result_at_another_strength_is_made_once(runtime, record):
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: result_path(record, runtime, 40), range(4)))
    (path,) = paths
    made = path.stat().st_ino
    assert result_path(record, runtime, 40).stat().st_ino == made
    assert result_path(record, runtime, record.strength).name == record.result


def test_only_the_newest_further_results_are_kept(runtime, record):
    paths = [
        result_path(record, runtime, strength) for strength in range(10, 10 + KEPT_RESULTS + 2)
    ]
    assert [path.exists() for path in paths] == [False] * 2 + [True] * KEPT_RESULTS
    assert runtime.store.path(record, record.result).exists()


def test_what_is_asked_for_twice_at_once_runs_the_generator_once(runtime, record, generator):
    runs = generator.runs
    with ThreadPoolExecutor(2) as pool:
        options = Options(model="artistic", render_factor=8)
        pictures = list(pool.map(lambda _: preview_try(record, runtime, options), range(2)))
    assert generator.runs == runs + 1
    assert pictures[0] == pictures[1]


def test_a_known_prediction_needs_no_turn_of_the_generators(runtime, record, generator):
    runs = generator.runs
    with runtime.queue.turn("a"), runtime.queue.turn("b"):  # all the turns there are
        again = color_again(record, "me", Options(render_factor=7, strength=50), runtime)
    assert generator.runs == runs
    assert again.id != record.id
    half = decoded(runtime.store.path(again, again.result).read_bytes()).astype(int)
    full = decoded(runtime.store.path(record, record.result).read_bytes()).astype(int)
    assert np.abs(2 * half - full - np.asarray(scene())).max() <= 2


def test_colouring_again_stores_the_original_once(runtime, record):
    again = color_again(record, "me", Options(render_factor=7, strength=0), runtime)
    first, second = (runtime.store.path(one, one.original).stat().st_ino for one in (record, again))
    assert first == second
    runtime.store.delete(record)
    assert runtime.store.path(again, again.original).read_bytes() == encoded(scene())
