"""Frames of every form: depth, range, shape, turn, fields; and luma that stays what it was."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from support.films import Maker, lumas, noisy, opened, picture, simple, stamps, whole_way

from colorizer.errors import NotAPictureError
from colorizer.video.film import open_film

FORMS = {
    "8 bits": ({"codec": "ffv1"}, 8, "yuv420p"),
    "10 bits": ({"codec": "ffv1", "name": "yuv420p10le", "depth": 10}, 10, "yuv420p10le"),
    "12 bits": ({"codec": "ffv1", "name": "yuv420p12le", "depth": 12}, 12, "yuv420p12le"),
    "odd": ({"codec": "ffv1", "size": (47, 63)}, 8, "yuv420p"),
    "grey": ({"codec": "ffv1", "name": "gray"}, 8, "gray"),
    "4:4:4": ({"codec": "libx264", "name": "yuv444p"}, 8, "yuv444p"),
    "4:2:2": ({"codec": "libx264", "name": "yuv422p10le", "depth": 10}, 10, "yuv422p10le"),
    "alpha": ({"codec": "ffv1", "name": "yuva420p"}, 8, "yuva420p"),
    "mpeg2": ({"codec": "mpeg2video", "rate": Fraction(25)}, 8, "yuv420p"),
}


@pytest.mark.parametrize("name", FORMS)
def test_luma_goes_through_untouched(tmp_path, name):
    kwargs, depth, _ = FORMS[name]
    source = simple(tmp_path / "film.mkv", 6, sound=False, **kwargs)
    with open_film(source) as film:
        assert film.format.depth == depth
        given = [frame.luma.copy() for frame in film.frames()]
        result = whole_way(
            film,
            tmp_path,
            "ffv1",
        )
    wanted = lumas(source, depth)
    height, width = wanted[0].shape
    found = lumas(result, depth)
    assert len(found) == len(wanted) == len(given)
    for a, b, c in zip(found, wanted, given, strict=True):
        assert np.array_equal(c, b)
        assert np.array_equal(a[:height, :width], b)


@pytest.mark.parametrize(("depth", "name"), [(8, "yuv420p"), (10, "yuv420p10le")])
@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_luma_stays_close_and_deep(tmp_path, codec, depth, name):
    source = simple(tmp_path / "film.mkv", 12, False, codec="ffv1", name=name, depth=depth)
    with open_film(source) as film:
        result = whole_way(film, tmp_path, codec)
    with opened(result) as container:
        assert container.streams.video[0].codec_context.pix_fmt == name
    pairs = zip(lumas(result, depth), lumas(source, depth), strict=True)
    error = np.mean([np.mean((a.astype(float) - b) ** 2) for a, b in pairs])
    quality = 10 * np.log10((2**depth - 1) ** 2 / error)
    assert quality >= (49 if codec == "h264" else 46)


def test_the_same_frames_give_the_same_bytes(tmp_path):
    source = simple(tmp_path / "film.mp4", 24)
    results = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with open_film(source) as film:
            results.append(whole_way(film, tmp_path / name).read_bytes())
    assert results[0] == results[1]


def tagged(primaries, transfer, matrix, full):
    def set_tags(stream):
        context = stream.codec_context
        context.color_primaries, context.color_trc = primaries, transfer
        context.colorspace, context.color_range = matrix, full

    return set_tags


@pytest.mark.parametrize("codec", ["h264", "av1", "ffv1"])
@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (5, 6, 5, 1), (6, 6, 6, 2), (9, 14, 9, 1)])
def test_colour_tags_stay(tmp_path, codec, tags):
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    maker.pictures(range(4), before=tagged(*tags))
    maker.write()
    with open_film(source) as film:
        assert film.format.full_range == (tags[3] == 2)
        assert film.format.matrix == {1: "bt709", 5: "bt601", 6: "bt601", 9: "bt2020"}[tags[2]]
        result = whole_way(film, tmp_path, codec)
    with opened(result) as container:
        frame = next(container.decode(video=0))
    found = frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range
    assert found == tags


@pytest.mark.parametrize(("size", "matrix"), [((48, 64), "bt601"), ((720, 64), "bt709")])
def test_an_unknown_matrix_is_what_players_take_it_for_and_said(tmp_path, size, matrix):
    source = simple(tmp_path / "film.mp4", 2, sound=False, size=size)
    with open_film(source) as film:
        assert film.format.matrix == matrix
        result = whole_way(film, tmp_path)
    with opened(result) as container:
        frame = next(container.decode(video=0))
    assert frame.colorspace == {"bt601": 6, "bt709": 1}[matrix]
    assert frame.color_primaries == 2


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_refused(tmp_path, transfer):
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    maker.pictures(range(2), name="yuv420p10le", depth=10, before=tagged(9, transfer, 9, 1))
    maker.write()
    with pytest.raises(NotAPictureError, match="high dynamic range"):
        open_film(source)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_films_stay_turned(tmp_path, degrees, mirrored, codec):
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    maker.pictures(range(3), before=lambda s: s.set_display_rotation(degrees, hflip=mirrored))
    maker.write()
    with open_film(source) as film:
        if not mirrored:
            assert film.format.rotation == degrees
        result = whole_way(film, tmp_path, codec)

    def matrix(path):
        with opened(path) as container:
            frame = next(container.decode(video=0))
            if "DISPLAYMATRIX" not in frame.side_data:
                return None
            return np.frombuffer(bytes(frame.side_data["DISPLAYMATRIX"]), np.int32).tolist()

    assert matrix(result) == matrix(source)


@pytest.mark.parametrize("shape", [Fraction(128, 117), Fraction(64, 45), Fraction(1)])
@pytest.mark.parametrize("codec", ["h264", "av1", "ffv1"])
def test_pixels_keep_their_shape(tmp_path, shape, codec):
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    maker.pictures(
        range(3), before=lambda s: setattr(s.codec_context, "sample_aspect_ratio", shape)
    )
    maker.write()
    with open_film(source) as film:
        assert film.format.sample_aspect == shape
        result = whole_way(film, tmp_path, codec)
    with opened(result) as container:
        found = container.streams.video[0].sample_aspect_ratio
        assert (found or 1) == shape  # Matroska doesn't mention square ones.
        assert len(list(container.decode(video=0))) == 3


def combed(path, count=24):
    """Write a film of fields: a bar that moves between the two fields of a frame."""
    maker = Maker(path)
    stream = maker.pictures(
        [], codec="mpeg2video", rate=Fraction(25), options={"flags": "+ildct+ilme", "b": "2M"}
    )

    def encode():
        for number in range(count):
            planes = noisy(0)
            for field in (0, 1):
                left = (2 * number + field) % 48
                planes[0][field::2, left : left + 12] = 220
            frame = picture(planes)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            yield from stream.encode(frame)
        yield from stream.encode(None)

    maker.streams = [encode()]
    maker.write()


def combing(luma):
    """Measure how much rows differ from both neighbours."""
    rows = luma.astype(float)
    return np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean()


def test_fields_become_whole_frames_with_their_own_times(tmp_path):
    source = tmp_path / "film.mpg"
    combed(source)
    with open_film(source) as film:
        survey = film.survey()
        if not survey.interlaced:
            pytest.skip("this encoder doesn't flag its fields")
        frames = [(frame.number, frame.pts, frame.luma.copy()) for frame in film.frames()]
        assert [pts for _, pts, _ in frames] == list(survey.pts)
        for number, pts, luma in frames[5:9]:
            alone = next(film.frames(number, number))
            assert alone.pts == pts
            assert np.array_equal(alone.luma, luma)
        start = film.shift * film.time_base
        result = whole_way(film, tmp_path)
    assert np.mean([combing(luma) for *_, luma in frames]) < 0.7 * np.mean(
        [combing(luma) for luma in lumas(source)]
    )
    assert stamps(result) == [time - start for time in stamps(source)]


def test_frames_of_another_size_are_scaled_to_the_first(tmp_path):
    source = tmp_path / "film.ts"
    parts = []
    for number, size in enumerate([(48, 64), (96, 128)]):
        part = tmp_path / f"{number}.ts"
        maker = Maker(part)
        first = 90_000 + number * 10 * 3600
        maker.pictures(range(first, first + 10 * 3600, 3600), Fraction(1, 90000), size=size)
        maker.write()
        parts.append(part.read_bytes())
    source.write_bytes(b"".join(parts))
    with open_film(source) as film:
        shapes = [frame.luma.shape for frame in film.frames()]
        assert shapes == [(48, 64)] * 20
        assert len(list(film.frames(15, 18))) == 4


def test_rgb_films_are_read(tmp_path):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    stream = maker.pictures([], codec="ffv1", name="bgr0")

    def encode():
        import av

        for number in range(3):
            rgb = np.full((48, 64, 3), 40 * (number + 1), np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="bgr0")
            frame.pts = number
            yield from stream.encode(frame)
        yield from stream.encode(None)

    maker.streams = [encode()]
    maker.write()
    with open_film(source) as film:
        frames = list(film.frames())
        assert len(frames) == 3
        for number, frame in enumerate(frames):
            assert frame.chroma is not None
            wanted = 16 + 40 * (number + 1) * 219 / 255
            assert abs(float(frame.luma.mean()) - wanted) < 1.5
