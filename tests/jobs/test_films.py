"""Films beside the photos: one at a time, stopped, gone on with, deleted."""

from __future__ import annotations

import errno

import pytest
from support.films import Maker, simple, stamps
from support.threads import wait_for

from colorizer.coloring.options import Options
from colorizer.errors import BusyError, NotAPictureError, NotFoundError, TooLargeError
from colorizer.files import is_plain
from colorizer.jobs import films
from colorizer.library.films import FilmState


@pytest.fixture
def runtime(app):
    runtime = app.extensions["colorizer"]
    yield runtime
    runtime.film_queue.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return simple(tmp_path_factory.mktemp("film") / "film.mp4", 6)


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    """A film of many keys: each frame is a shot of its own."""
    path = tmp_path_factory.mktemp("film") / "long.mp4"
    maker = Maker(path)
    maker.pictures(range(200), seed=1)
    maker.write()
    return path


def add(runtime, path, owner="somebody", name="film.mp4", **options):
    with path.open("rb") as file:
        return runtime.film_queue.add(file, name, owner, Options(render_factor=7, **options))


def status(runtime, record):
    return runtime.films.state(record).status


def ends(runtime, record, *wanted):
    wait_for(lambda: status(runtime, record) in wanted)


def test_a_film_is_stored_and_colored(runtime, film):
    record = add(runtime, film, name="Hochzeit.mp4")
    ends(runtime, record, "done", "failed")
    assert runtime.films.state(record).message == ""
    assert stamps(runtime.films.result(record)) == stamps(film)
    names = {path.name for path in runtime.films.result(record).parent.iterdir()}
    assert names == {"meta.json", "state.json", "original.mp4", "result.mp4", "latest.jpg"}
    assert runtime.films.original(record).read_bytes() == film.read_bytes()
    kept = runtime.films.get(record.id)
    assert kept.created > record.created, "it is kept for so long from its end on"
    assert runtime.store.find(record.id) is None, "it is no photo"
    assert [other.id for other in runtime.store.list("somebody")] == [record.id]
    assert not runtime.store.spared


def test_a_film_is_stopped_and_gone_on_with(runtime, long_film):
    record = add(runtime, long_film)
    wait_for(lambda: runtime.film_queue.progress(record))
    runtime.film_queue.cancel(record)
    assert status(runtime, record) == "cancelled"
    assert runtime.film_queue.progress(record) is None
    assert not is_plain(runtime.films.result(record))
    runtime.film_queue.go_on(record)
    wait_for(lambda: status(runtime, record) == "running")
    runtime.film_queue.delete(record)
    with pytest.raises(NotFoundError):
        runtime.films.get(record.id)
    assert [path for path in runtime.store.folder.iterdir() if path.name == record.id] == []


def test_what_the_end_of_the_app_interrupts_goes_on_at_the_next_start(make_app, film, long_film):
    first = make_app().extensions["colorizer"]
    record = add(first, long_film)
    waiting = add(first, film)
    wait_for(lambda: (progress := first.film_queue.progress(record)) and progress.frames_total)
    first.film_queue.close()
    assert status(first, record) == status(first, waiting) == "queued"
    second = make_app().extensions["colorizer"]
    # As a kill leaves it.
    second.films.write(record, FilmState("running"))
    second.film_queue.start()
    try:
        wait_for(lambda: status(second, record) == "running")
        second.film_queue.cancel(record)
        ends(second, waiting, "done", "failed")
        assert status(second, waiting) == "done"
    finally:
        second.film_queue.close()


def test_bad_films_are_refused_and_nothing_is_left(make_app, film, tmp_path):
    runtime = make_app(max_video_mb=1, max_video_minutes=0.001).extensions["colorizer"]
    text = tmp_path / "list.mp4"
    text.write_text("ffconcat version 1.0\nfile film.mp4\n")
    with pytest.raises(NotAPictureError):
        add(runtime, text)
    with pytest.raises(TooLargeError):
        add(runtime, film)
    text.write_bytes(film.read_bytes() + bytes(1_000_000))
    with pytest.raises(TooLargeError, match="larger than 1 MB"):
        add(runtime, text)
    assert not runtime.store.list("somebody")
    assert not list(runtime.store.folder.glob(".incoming/*/*"))


def test_no_more_films_wait_than_may(make_app, film, long_film):
    runtime = make_app(max_waiting=1).extensions["colorizer"]
    try:
        running = add(runtime, long_film)
        wait_for(lambda: runtime.film_queue.progress(running))
        add(runtime, film)
        with pytest.raises(BusyError):
            add(runtime, film)
    finally:
        runtime.film_queue.close()


def test_a_full_disk_is_told_and_waited_for(runtime, film, monkeypatch):
    full = [OSError(errno.ENOSPC, "No space left on device")]

    def color_film(*args, **kwargs):
        if full:
            raise full.pop()
        return real(*args, **kwargs)

    real, told = films.color_film, []
    monkeypatch.setattr(films, "color_film", color_film)
    monkeypatch.setattr(films, "AGAIN", 0.001)
    write = runtime.films.write
    monkeypatch.setattr(
        runtime.films, "write", lambda record, state: (told.append(state), write(record, state))
    )
    record = add(runtime, film)
    ends(runtime, record, "done", "failed")
    assert status(runtime, record) == "done"
    waiting = next(state for state in told if state.message)
    assert waiting.status == "queued"
    assert "MB should be free" in waiting.message
