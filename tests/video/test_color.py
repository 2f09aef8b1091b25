"""The whole way of a film: looked through, keys coloured, segments made, joined."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest
from support.films import Maker, lumas, opened, packets, simple, stamps

from colorizer import colorize_video
from colorizer.errors import BrokenPictureError, NotAPictureError, OptionError
from colorizer.video.child import StoppedError
from colorizer.video.color import color_film
from colorizer.video.method import method_of

SLOW = Fraction(2)  # frames a second: of a few frames, several segments


class Counting:
    """A generator that tells how often it was called."""

    def __init__(self, generator, after=None):
        self.generator, self.weights, self.title = generator, generator.weights, generator.title
        self.precision = generator.precision
        self.calls, self.after = 0, after

    def predict_chroma(self, luma):
        self.calls += 1
        if self.after:
            self.after(self.calls)
        return self.generator.predict_chroma(luma)


@pytest.fixture
def film(tmp_path):
    """A film of 44 frames in three segments, with sound."""
    maker = Maker(tmp_path / "film.mp4")
    maker.pictures(range(44), rate=SLOW)
    maker.sound(22.0)
    maker.write()
    return tmp_path / "film.mp4"


def color(film, target, generator, stop=None, tell=lambda progress: None, **options):
    method = method_of(generator, 7, options.pop("strength", 100), **options)
    work = target.with_name("work")
    return color_film(film, target, work, generator, method, stop=stop, tell=tell)


def chroma(path):
    """Return U and V of all frames of a film."""
    with opened(path) as container:
        frames = [frame.to_ndarray(format="yuv444p") for frame in container.decode(video=0)]
    return np.array([frame[1:] for frame in frames], float)


def test_a_film_comes_out_in_color_with_its_times_and_sound(film, tmp_path, artistic):
    generator, told = Counting(artistic), []
    plan = color(film, tmp_path / "out.mp4", generator, tell=told.append)
    assert len(plan.segments) > 1
    assert generator.calls == len(plan.keys(plan.segments))
    out = tmp_path / "out.mp4"
    assert stamps(out) == stamps(film)
    assert [data for _, data in packets(out, "audio")] == [
        data for _, data in packets(film, "audio")
    ]
    assert np.abs(chroma(out) - chroma(film)).mean() > 3
    error = np.mean(
        [(a - b.astype(float)) ** 2 for a, b in zip(lumas(out), lumas(film), strict=True)]
    )
    assert 10 * np.log10(255**2 / error) > 45
    assert not (tmp_path / "work").exists()
    shares = [progress.share for progress in told if progress.stage == "coloring"]
    assert shares == sorted(shares)
    assert told[-1].frames_done == told[-1].frames_total == 44


def test_what_was_done_before_an_end_is_not_done_again(film, tmp_path, artistic):
    whole, stop = Counting(artistic), threading.Event()
    color(film, tmp_path / "whole.mp4", whole)
    first = Counting(artistic, after=lambda calls: calls == 5 and stop.set())
    with pytest.raises(StoppedError):
        color(film, tmp_path / "out.mp4", first, stop=stop)
    assert not (tmp_path / "out.mp4").exists()
    second = Counting(artistic)
    color(film, tmp_path / "out.mp4", second)
    assert first.calls + second.calls == whole.calls
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_other_options_begin_anew(film, tmp_path, artistic):
    stop = threading.Event()
    first = Counting(artistic, after=lambda calls: calls == 5 and stop.set())
    with pytest.raises(StoppedError):
        color(film, tmp_path / "out.mp4", first, stop=stop)
    second = Counting(artistic)
    plan = color(film, tmp_path / "out.mp4", second, every=4)
    assert second.calls == len(plan.keys(plan.segments))


def test_strength_0_copies_the_pictures_as_they_are(film, tmp_path, artistic):
    generator = Counting(artistic)
    color(film, tmp_path / "out.mp4", generator, strength=0)
    assert generator.calls == 0
    assert packets(tmp_path / "out.mp4", "video") == packets(film, "video")


@pytest.mark.skipif(sys.platform != "linux", reason="finds child processes by Linux's /proc")
def test_a_film_whose_process_dies_is_tried_three_times(film, tmp_path, artistic):
    killed = []

    def kill_the_child(progress):
        """End the process that reads the film as soon as it says something."""
        children = _children()
        if progress.stage == "reading" and progress.frames_done == 0 and children:
            killed.extend(children)
            for child in children:
                os.kill(child, signal.SIGSEGV)

    generator = Counting(artistic)
    with pytest.raises(BrokenPictureError, match="each time at the same place"):
        color(film, tmp_path / "out.mp4", generator, tell=kill_the_child)
    assert len(killed) == 3
    assert not generator.calls


def _children():
    found = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "colorizer.video.worker"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(line) for line in found.stdout.split()]


def test_ffv1_keeps_every_bit_of_the_luma(tmp_path, artistic):
    film = simple(tmp_path / "film.mp4", 12)
    colorize_video(film, tmp_path / "out.mkv", artistic, 7, codec="ffv1")
    assert np.array_equal(lumas(tmp_path / "out.mkv"), lumas(film))


def test_errors_name_what_is_wrong(tmp_path, artistic):
    film = simple(tmp_path / "film.mp4", 3, sound=False)
    with pytest.raises(OptionError, match=r"is a \.mp4 file"):
        colorize_video(film, tmp_path / "out.avi", artistic, 7)
    with pytest.raises(OptionError, match="codec"):
        colorize_video(film, tmp_path / "out.mp4", artistic, 7, codec="vp9")
    with pytest.raises(OptionError, match="every second"):
        colorize_video(film, tmp_path / "out.mp4", artistic, 7, every=0)
    playlist = tmp_path / "list.mp4"
    playlist.write_text("ffconcat version 1.0\nfile film.mp4\n")
    with pytest.raises(NotAPictureError):
        colorize_video(playlist, tmp_path / "out.mp4", artistic, 7)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "list.mp4"]
