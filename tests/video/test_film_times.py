"""Every frame keeps its own time, and the sound stays where it was beside the picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from support.films import (
    RATE,
    Maker,
    colored,
    lumas,
    opened,
    packets,
    simple,
    stamps,
    whole_way,
)

from colorizer.video.film import open_film
from colorizer.video.joining import join_parts, remux, remux_suffix

EXACT = Fraction(1, 90000)


def uneven(count, seed=1):
    gaps = np.random.default_rng(seed).choice([1, 1, 2, 7, 60], count)
    return [int(pts) for pts in np.cumsum(gaps)]


FILMS = {
    "23.976": {"stamps": range(30)},
    "late": {"stamps": range(13, 43)},
    "uneven": {"stamps": uneven(40), "time_base": Fraction(1, 240)},
    "odd rate": {"stamps": range(30), "rate": Fraction(7001, 531)},
    "fine clock": {"stamps": range(0, 30 * 40_000, 40_000), "time_base": Fraction(1, 1_000_000)},
    "one frame": {"stamps": [0]},
}


def is_same(found, wanted):
    return len(found) == len(wanted) and all(
        abs(a - b) <= EXACT for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_keep_their_times(tmp_path, name, suffix):
    source = tmp_path / f"film{suffix}"
    maker = Maker(source)
    maker.pictures(**FILMS[name])
    maker.write()
    wanted = stamps(source)
    with open_film(source) as film:
        assert len(film.survey().pts) == len(wanted)
        start = film.shift * film.time_base
        result = whole_way(film, tmp_path)
        copy = tmp_path / f"copy{remux_suffix(film)}"
        remux(film, copy)
    assert is_same(stamps(result), [time - start for time in wanted])
    assert is_same(stamps(copy), [time - start for time in wanted])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize(("pictures", "sound"), [(0, 0.477), (1.2, 0.1)])
def test_sound_is_copied_where_it_was(tmp_path, suffix, pictures, sound):
    source = tmp_path / f"film{suffix}"
    maker = Maker(source)
    first = round(pictures * 90000)
    maker.pictures(range(first, first + 30 * 3750, 3750), time_base=Fraction(1, 90000))
    maker.sound(1.0, sound)
    maker.write()
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
        shift = film.shift * film.time_base
    had, has = packets(source, "audio"), packets(result, "audio")
    assert len(had) == len(has)
    assert all(abs(a - shift - b) <= 2 * EXACT for (a, _), (b, _) in zip(had, has, strict=True))
    if suffix != ".ts":  # where each packet has a header of its own, which MP4 has once
        assert [data for _, data in had] == [data for _, data in has]
    assert is_same(stamps(result), [time - shift for time in stamps(source)])


def heard_from(path, track=0):
    """Return the second at which a sound is first heard, and how long it is."""
    first = last = None
    with opened(path) as container:
        for frame in container.decode(container.streams.audio[track]):
            loud = np.flatnonzero(np.abs(frame.to_ndarray().astype(float)).max(0) > 0.02)
            if len(loud):
                start = float(frame.pts * frame.time_base)
                first = start + loud[0] / frame.sample_rate if first is None else first
                last = start + loud[-1] / frame.sample_rate
    return first, last


@pytest.mark.parametrize("start", [0, 0.477])
@pytest.mark.parametrize(("codec", "layout", "kind"), [
    ("ac3", "5.1(side)", "fltp"), ("pcm_s16le", "mono", "s16"), ("mp2", "stereo", "s16"),
])  # fmt: skip
def test_sound_that_browsers_do_not_play_becomes_aac(tmp_path, start, codec, layout, kind):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    maker.pictures(range(30))
    maker.sound(1.5, start, codec, layout, 48000, kind)
    maker.write()
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    with opened(source) as had, opened(result) as has:
        assert has.streams.audio[0].codec_context.name == "aac"
        channels = has.streams.audio[0].codec_context.layout.nb_channels
        assert channels == had.streams.audio[0].codec_context.layout.nb_channels
        begins = [float(c.streams.audio[0].start_time * c.streams.audio[0].time_base)
                  for c in (had, has)]  # fmt: skip
    assert begins[1] == pytest.approx(begins[0], abs=0.001)
    for found, wanted in zip(heard_from(result), heard_from(source), strict=True):
        assert found == pytest.approx(wanted, abs=0.006)


@pytest.mark.parametrize(("codec", "kind"), [("libopus", "flt"), ("libmp3lame", "fltp")])
def test_late_sound_that_is_copied_begins_when_it_did(tmp_path, codec, kind):
    """Its decoder needs some samples before, which Matroska leaves out and MP4 has to."""
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    maker.pictures(range(30))
    maker.sound(1, 0.4, codec, "mono", 48000, kind)
    maker.write()
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    with opened(source) as had, opened(result) as has:
        first, second = (container.streams.audio[0] for container in (had, has))
        begins = float(second.start_time * second.time_base)
        assert begins == pytest.approx(float(first.start_time * first.time_base), abs=0.001)
    assert heard_from(result) == pytest.approx(heard_from(source), abs=0.002)


def test_gaps_in_the_sound_stay_gaps(tmp_path):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    maker.pictures(range(30))
    maker.sound(2, 0, "pcm_s16le", "mono", 48000, "s16", gap=(0.5, 1.2))
    maker.write()
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    assert heard_from(result) == pytest.approx(heard_from(source), abs=0.006)


@pytest.mark.parametrize(("name", "codec", "options"), [
    ("film.mp4", "libx264", {"x264-params": "open-gop=1:keyint=12:bframes=3"}),
    ("film.ts", "libx264", {"g": "12"}),
    ("film.avi", "libx264", {"g": "12"}),  # whose time stamps FFmpeg guesses wrongly
    ("film.mpg", "mpeg1video", {"g": "12", "bf": "2"}),  # which states times for some frames only
])  # fmt: skip
def test_frames_are_the_same_wherever_one_begins(tmp_path, name, codec, options):
    source = simple(tmp_path / name, 90, False, codec=codec, rate=Fraction(25), options=options)
    wanted = lumas(source)
    with open_film(source) as film:
        survey = film.survey()
        assert len(survey.pts) == len(wanted) == 90
        for first, last in ((0, 3), (11, 14), (25, 25), (59, 60), (80, None)):
            frames = list(film.frames(first, last))
            assert [frame.number for frame in frames] == list(range(90))[first : (last or 89) + 1]
            for frame in frames:
                assert frame.pts == survey.pts[frame.number]
                assert np.array_equal(frame.luma, wanted[frame.number])


def test_parts_whose_times_overlap_are_joined(tmp_path):
    """Decoding times of a segment begin early, by how far apart its first frames are."""
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    maker.pictures([*range(12), *range(12, 12 + 50 * 18, 50)], time_base=Fraction(1, 50))
    maker.write()
    with open_film(source) as film:
        film.survey()
        target = tmp_path / "result.mp4"
        join_parts(colored(film, tmp_path, each=12), film, target, generator="artistic")
    assert is_same(stamps(target), stamps(source))


@pytest.mark.parametrize("suffix", [".ts", ".mpg"])
@pytest.mark.parametrize("second", [0, 400_000_000])
def test_recordings_put_together_follow_one_another(tmp_path, suffix, second):
    """Their clocks begin anew, before or far after the end of the one before."""
    source = tmp_path / f"film{suffix}"
    codec = "mpeg2video" if suffix == ".mpg" else "libx264"
    together = b""
    for number, begin in enumerate((900_000, second)):
        part = tmp_path / f"{number}{suffix}"
        maker = Maker(part)
        first = begin // 3600
        maker.pictures(range(first, first + 25), codec=codec, rate=Fraction(25), seed=number)
        if suffix == ".ts":
            maker.sound(1, first / 25)
        maker.write()
        together += part.read_bytes()
    source.write_bytes(together)
    with open_film(source) as film:
        survey = film.survey()
        steps = np.diff([float(pts * film.time_base) for pts in survey.pts])
        assert len(survey.pts) == 50
        assert np.abs(steps - 0.04).max() < 0.001
        late = [frame.luma.copy() for frame in film.frames()][40]
        assert np.array_equal(next(film.frames(40, 40)).luma, late)
        result = whole_way(film, tmp_path)
        remux(film, tmp_path / "copy.mp4")
    assert len(stamps(result)) == len(stamps(tmp_path / "copy.mp4")) == 50
    if suffix == ".ts":
        sounds = [float(time) for time, _ in packets(result, "audio")]
        assert sounds[-1] == pytest.approx(2, abs=0.2)
        assert len(sounds) > 80


def test_repeated_time_stamps_are_left_out_everywhere(tmp_path):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    maker.pictures(range(9), Fraction(1, 25), codec="mjpeg", name="yuvj420p")
    maker.write(moved={2: 1, 4: 3, 6: 4, 7: 4, 8: 5})
    with open_film(source) as film:
        assert [pts * film.time_base for pts in film.survey().pts] == [
            Fraction(number, 25) for number in (0, 1, 3, 4, 5)
        ]
        assert [frame.number for frame in film.frames(2, 4)] == [2, 3, 4]


def test_ends_agree(tmp_path):
    source = simple(tmp_path / "film.mp4", 30)
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    with opened(source) as had, opened(result) as has:
        assert has.duration == pytest.approx(had.duration, abs=100)
        for a, b in zip(had.streams, has.streams, strict=True):
            assert float(b.duration * b.time_base) == pytest.approx(
                float(a.duration * a.time_base), abs=1e-4
            )
    assert float(RATE) > 0
