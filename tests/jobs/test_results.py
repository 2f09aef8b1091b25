"""What else a stored photo gives, and what of it is kept."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.app import app_on
from support.pictures import decoded, encoded, scene

from colorizer.coloring.hints import Hint
from colorizer.coloring.options import Options
from colorizer.errors import LostError, NotFoundError, NotReadyError
from colorizer.jobs.hints import keep_hints
from colorizer.jobs.photo import color_again, color_upload
from colorizer.jobs.results import (
    KEPT_RESULTS,
    original_path,
    preview_region,
    preview_result,
    preview_try,
    result_path,
    thumbnail_path,
)
from colorizer.library.records import AFTER, BEFORE, THUMBNAIL


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


HARMS = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "another": lambda path: path.write_bytes(b"Dear grandmother, " * 20),
    "a folder": lambda path: path.unlink() or path.mkdir(),
    "a link": lambda path: path.rename(path.with_name("a")) and path.symlink_to("a"),
}


@pytest.fixture(params=HARMS)
def harm(request):
    return HARMS[request.param]


def looks(runtime, record):
    """Everything that a photo gives, a file or a picture."""
    at_once = (preview_result(record, runtime, 50),)
    region = preview_region(record, runtime, "result", (0, 0, 50, 50), 30)
    whole = preview_region(record, runtime, "result", (0, 0, 50, 50), record.strength)
    paths = [result_path(record, runtime, strength) for strength in (60, record.strength)]
    paths.append(thumbnail_path(record, runtime))
    return [decoded(data) for data in (*at_once, region, whole, *map(Path.read_bytes, paths))]


def alike(some, others):
    """Whether pictures are the same but for the roundings of a guess that was kept."""
    pairs = zip(some, others, strict=True)
    return all(np.abs(one.astype(int) - other).mean() < 0.5 for one, other in pairs)


def test_whatever_is_lost_of_a_photo_but_its_original_is_made_again(
    runtime, record, generator, harm
):
    before, runs = looks(runtime, record), generator.runs
    files = (record.prediction, BEFORE, AFTER, THUMBNAIL, "result.png", "result-60.png")
    paths = [runtime.store.path(record, file) for file in files]
    for path in paths:
        harm(path)
    assert alike(looks(runtime, record), before)
    assert generator.runs == runs + 1
    assert all(path.is_file() and not path.is_symlink() for path in paths)


def test_whatever_is_lost_of_what_a_person_put_right_is_made_again(runtime, record, harm):
    kept = keep_hints(record, runtime, [Hint(0.5, 0.5, "#1f2f5f", 1)])
    before = looks(runtime, record)
    files = (record.prediction, AFTER, THUMBNAIL, "result.png", "result-60.png")
    for file in (kept.name(file) for file in files):
        harm(runtime.store.path(record, file))
    harm(runtime.store.path(record, record.prediction))
    assert alike(looks(runtime, record), before)
    keep_hints(record, runtime, [])
    assert not alike(looks(runtime, record), before)


def test_a_small_picture_that_is_damaged_in_its_middle_is_made_again(runtime, record):
    before = preview_result(record, runtime, 50)
    path = runtime.store.path(record, BEFORE)
    data = path.read_bytes()
    path.write_bytes(data[:12] + b"\0" * (len(data) - 12))
    assert alike([decoded(preview_result(record, runtime, 50))], [decoded(before)])


def test_a_try_that_is_lost_is_made_again(runtime, record, generator):
    options = Options(model="artistic", render_factor=8)
    before = preview_try(record, runtime, options)
    for file in ("artistic-8.npz.webp", "artistic-8.npz"):
        HARMS["cut off"](runtime.store.path(record, file))
    assert alike([decoded(preview_try(record, runtime, options))], [decoded(before)])
    runs = generator.runs
    color_again(record, "me", options, runtime)
    assert generator.runs == runs


def test_without_its_original_a_photo_says_so_and_gives_what_is_there(runtime, record):
    original = runtime.store.path(record, record.original)
    for harm in ("empty", "a link", "missing"):
        HARMS[harm](original)
        assert preview_result(record, runtime, 100)
        assert result_path(record, runtime, record.strength).exists()
        for ask in (
            lambda: original_path(record, runtime),
            lambda: result_path(record, runtime, 40),
            lambda: preview_region(record, runtime, "original", (0, 0, 5, 5), 100),
            lambda: color_again(record, "me", Options(render_factor=7), runtime),
        ):
            with pytest.raises(LostError):
                ask()
    runtime.store.delete(record)
    with pytest.raises(NotFoundError):
        original_path(record, runtime)


def test_a_guess_that_can_not_be_made_again_just_now_says_so(runtime, record):
    runtime.store.path(record, record.prediction).unlink()
    status = runtime.models["artistic"]
    status.generator, status.state = None, "loading"
    with pytest.raises(NotReadyError):
        result_path(record, runtime, 40)


def test_a_photo_that_is_deleted_meanwhile_stays_deleted(runtime, record, generator):
    runtime.store.path(record, record.prediction).unlink()
    predict = generator.predict_chroma

    def delete_first(luma):
        runtime.store.delete(record)
        return predict(luma)

    generator.predict_chroma = delete_first
    with pytest.raises(NotFoundError):
        result_path(record, runtime, 40)
    assert not runtime.store.path(record, "").exists()


class Noted:
    """Turns that note whose they are."""

    def __init__(self, turns):
        self._turns, self.seen = turns, []

    def turn(self, visitor):
        self.seen.append(visitor)
        return self._turns.turn(visitor)

    def __getattr__(self, name):
        return getattr(self._turns, name)


def test_whoever_looks_waits_among_others_by_their_own_name(runtime, record):
    queue, renders = runtime.queue, runtime.renders = (
        Noted(runtime.queue),
        Noted(runtime.renders),
    )
    for look in (
        lambda: result_path(record, runtime, 40, visitor="stranger"),
        lambda: preview_region(record, runtime, "result", (0, 0, 5, 5), 100, "stranger"),
        lambda: preview_result(record, runtime, 50, "stranger"),
        lambda: thumbnail_path(record, runtime, "stranger"),
    ):
        for path in runtime.store.path(record, "").iterdir():
            if path.name not in (record.original, "meta.json"):
                path.unlink()
        look()
        assert set(queue.seen) == set(renders.seen) == {"stranger"}
        queue.seen.clear()
        renders.seen.clear()
