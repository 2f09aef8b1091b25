"""All else of a film comes along: tracks, languages, subtitles, chapters, tags."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import pytest
from PIL import Image
from support.films import Maker, opened, packets, simple, stamps, whole_way

from colorizer.pictures.metadata import SOURCE_TYPE
from colorizer.pictures.xmp import parse_xmp
from colorizer.video.film import open_film
from colorizer.video.joining import remux, remux_suffix
from colorizer.video.subtitles import plain_text

ASS = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, \
Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def several_tracks(path):
    maker = Maker(path)
    maker.pictures(range(30))
    for language, title, codec in (("eng", "Original", "aac"), ("deu", "Kommentar", "flac")):
        kind = "fltp" if codec == "aac" else "s16"
        sound = maker.sound(1.2, codec=codec, sample_format=kind)
        sound.metadata.update({"language": language, "title": title})
    sound.disposition = av.stream.Disposition.comment
    subtitles = maker.subtitles(
        [(0.2, 0.6, "<i>Früh</i> am Morgen".encode()), (0.8, 1.1, b"{\\an8}Two\r\nlines")], "srt"
    )
    subtitles.metadata.update({"language": "fra", "title": "Sous-titres"})
    subtitles.disposition = av.stream.Disposition.forced
    maker.subtitles([(0.3, 0.5, b"0,0,Default,,0,0,0,,{\\b1}Bold{\\b0}\\Nand, comma")], "ass", ASS)
    maker.write()
    return path


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_all_tracks_come_with_their_names(tmp_path, codec):
    source = several_tracks(tmp_path / "film.mkv")
    with open_film(source) as film:
        result = whole_way(film, tmp_path, codec)
    with opened(source) as had, opened(result) as has:
        assert [stream.type for stream in has.streams] == [stream.type for stream in had.streams]
        for a, b in zip(had.streams, has.streams, strict=True):
            assert b.metadata.get("language", "und") == a.metadata.get("language", "und")
            # FFmpeg reads a title from MP4 as a name.
            assert b.metadata.get("title", b.metadata.get("name")) == a.metadata.get("title")
        dispositions = [int(stream.disposition) for stream in has.streams]
    assert dispositions[2] & av.stream.Disposition.comment
    assert dispositions[3] & av.stream.Disposition.forced
    if codec == "h264":
        with open_film(result) as film:
            remux(film, tmp_path / "again.mp4")
        with opened(tmp_path / "again.mp4") as again:
            assert [stream.metadata.get("name") for stream in again.streams][1:4] == [
                "Original", "Kommentar", "Sous-titres"
            ]  # fmt: skip
    for track in (0, 1):
        assert [data for _, data in packets(source, "audio", track)] == [
            data for _, data in packets(result, "audio", track)
        ]


def texts(path, track):
    """Return (start, end, text) of subtitles in MP4."""
    found = []
    with opened(path) as container:
        stream = container.streams.subtitles[track]
        for packet in container.demux(stream):
            if packet.size > 2:
                length = struct.unpack(">H", bytes(packet)[:2])[0]
                text = bytes(packet)[2 : 2 + length].decode()
                start = packet.pts * packet.time_base
                end = start + packet.duration * packet.time_base
                found.append((round(float(start), 3), round(float(end), 3), text))
    return found


def test_subtitles_become_plain_text(tmp_path):
    source = several_tracks(tmp_path / "film.mkv")
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    assert texts(result, 0) == [(0.2, 0.6, "Früh am Morgen"), (0.8, 1.1, "Two\nlines")]
    assert texts(result, 1) == [(0.3, 0.5, "Bold\nand, comma")]
    with opened(result) as container:  # FFmpeg's own decoder reads them, too.
        stream = container.streams.subtitles[0]
        shown = [rect.dialogue for packet in container.demux(stream) if packet.size > 2
                 for rect in stream.decode(packet)]  # fmt: skip
    assert shown[0].decode() == "Früh am Morgen"


def test_subtitles_that_overlap_are_all_shown(tmp_path):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    maker.pictures(range(30))
    maker.subtitles([(0.1, 0.6, b"a"), (0.3, 0.5, b"b"), (0.3, 0.9, b"c"), (1, 1.2, b"d")])
    maker.write()
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    assert texts(result, 0) == [
        (0.1, 0.3, "a"), (0.3, 0.5, "a\nb\nc"), (0.5, 0.6, "a\nc"), (0.6, 0.9, "c"), (1, 1.2, "d"),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "codec", "wanted"), [
    ("<font color=\"#fff\">Hi</font> & 3 < 4", "subrip", "Hi & 3 < 4"),
    ("<v Roger>Hi &amp; <c.loud>bye</c> <00:01.000>now", "webvtt", "Hi & bye now"),
    ("1,0,S,,0,0,0,,a\\hb\\nc", "ass", "a\u00a0b\nc"),
    ("\x00\x02ab\x00\x00", "mov_text", "ab"),
])  # fmt: skip
def test_styling_is_taken_off(text, codec, wanted):
    assert plain_text(text.encode(), codec) == wanted


def test_subtitles_of_mp4_are_copied(tmp_path):
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    maker.pictures(range(30))
    maker.subtitles([(0.2, 0.6, b"\0\5hello"), (0.9, 1.2, b"\0\3you")], "mov_text", ASS)
    maker.write()
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    assert texts(result, 0) == texts(source, 0) == [(0.2, 0.6, "hello"), (0.9, 1.2, "you")]


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_chapters_stay(tmp_path, codec):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    base = Fraction(1, 1000)
    maker.output.set_chapters([
        {"id": 1, "start": 0, "end": 500, "time_base": base, "metadata": {"title": "Erst"}},
        {"id": 2, "start": 500, "end": 1200, "time_base": base, "metadata": {"title": "Dann"}},
    ])  # fmt: skip
    maker.pictures(range(30))
    maker.write()
    with open_film(source) as film:
        result = whole_way(film, tmp_path, codec)
    with opened(result) as container:
        found = [
            (float(c["start"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]
    assert found == [(0, "Erst"), (0.5, "Dann")]


def tagged(path, keep_gps_codec=None):
    maker = Maker(path)
    maker.output.metadata.update({
        "title": "Sommer", "date": "1937", "comment": "Super 8, Rolle 3",
        "location": "+48.8577+002.2950/", "encoder": "somebody's",
    })  # fmt: skip
    maker.pictures(range(4))
    maker.write()
    return path


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
@pytest.mark.parametrize("keep_gps", [False, True])
def test_words_stay_and_the_place_goes(tmp_path, codec, suffix, keep_gps):
    source = tagged(tmp_path / f"film{suffix}")
    with open_film(source) as film:
        result = whole_way(film, tmp_path, codec, keep_gps=keep_gps)
    with opened(result) as container:
        tags = {key.lower(): value for key, value in container.metadata.items()}
    assert (tags["title"], tags["date"]) == ("Sommer", "1937")
    assert tags["comment"].startswith("Super 8, Rolle 3\n")
    assert (tags.get("location", "")[:6] == "+48.85") == keep_gps
    assert "somebody" not in str(tags)


def test_results_say_that_a_machine_made_the_colours(tmp_path):
    source = simple(tmp_path / "film.mp4", 4)
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
        with opened(result) as container:
            assert "Colorizer" in container.metadata["comment"]
            assert SOURCE_TYPE in container.metadata["comment"]
        data = result.read_bytes()
        start = data.index(b"<?xpacket")
        root = parse_xmp(data[start:])
        assert SOURCE_TYPE in str([list(element.items()) for element in root])
        place = 0  # The boxes fill the file.
        while place < len(data):
            place += int.from_bytes(data[place : place + 4], "big")
        assert place == len(data)
        copy = tmp_path / "copy.mp4"
        remux(film, copy)
        assert b"Colorizer" not in copy.read_bytes()


def test_the_index_comes_first(tmp_path):
    with open_film(simple(tmp_path / "film.mp4", 12)) as film:
        data = whole_way(film, tmp_path).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_cover_is_not_the_film(tmp_path, suffix):
    source = tmp_path / f"film{suffix}"
    maker = Maker(source)
    if suffix == ".mp4":
        cover = maker.pictures([0], codec="mjpeg", name="yuvj420p", size=(480, 640))
        cover.disposition = av.stream.Disposition.attached_pic
    else:
        still = io.BytesIO()
        Image.new("RGB", (640, 480)).save(still, "JPEG")
        maker.output.add_attachment("cover.jpg", "image/jpeg", still.getvalue())
    maker.pictures(range(12))
    maker.write()
    with open_film(source) as film:
        assert (film.format.width, film.format.height) == (64, 48)
        result = whole_way(film, tmp_path)
        with opened(result) as container:
            assert [stream.type for stream in container.streams] == ["video"]
    assert len(stamps(result)) == 12


@pytest.mark.parametrize(("defaults", "width"), [((0, 1), 128), ((0,), 64), ((1,), 128)])
def test_the_default_picture_track_is_taken_else_the_largest(tmp_path, defaults, width):
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    for number, size in enumerate([(48, 64), (96, 128)]):
        stream = maker.pictures(range(4), size=size)
        stream.disposition = av.stream.Disposition.default if number in defaults else 0
    maker.write()
    with open_film(source) as film:
        assert film.format.width == width


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_a_copy_has_the_packets_of_the_film(tmp_path, suffix, codec):
    source = tmp_path / f"film{suffix}"
    maker = Maker(source)
    maker.pictures(range(30), codec=codec, options={"bf": "0"} if suffix == ".avi" else {})
    maker.sound(1)
    maker.write()
    with open_film(source) as film:
        copy = tmp_path / f"copy{remux_suffix(film)}"
        remux(film, copy)
        shift = film.shift * film.time_base
    assert copy.suffix == ".mp4"
    had, has = packets(source, "video"), packets(copy, "video")
    if suffix in (".mp4", ".mkv"):
        assert [data for _, data in had] == [data for _, data in has]
    assert len(had) == len(has)
    assert [time - shift for time in stamps(source)] == pytest.approx(stamps(copy), abs=1e-5)


def test_a_copy_of_hevc_plays_at_apple_s(tmp_path):
    source = simple(
        tmp_path / "film.mkv", 4, codec="libx265", options={"x265-params": "log-level=0"}
    )
    with open_film(source) as film:
        remux(film, tmp_path / "copy.mp4")
    with opened(tmp_path / "copy.mp4") as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"
        assert len(list(container.decode(video=0))) == 4
