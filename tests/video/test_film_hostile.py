"""Films from strangers: what is none is refused, what lies is bounded, what is cut off is told."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from dataclasses import asdict
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from support.films import Maker, opened, packets, simple, stamps, whole_way

from colorizer.errors import (
    BrokenPictureError,
    ColorizerError,
    NotAPictureError,
    TooLargeError,
)
from colorizer.places import root
from colorizer.video.containers import EXTENSIONS, FORMATS, HEAD, film_kind
from colorizer.video.facts import Survey
from colorizer.video.film import open_film
from colorizer.video.joining import remux, remux_suffix

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".flv", ".wmv", ".ogv", ".mxf")
CODECS = {".webm": "libvpx", ".ogv": "libvpx", ".wmv": "wmv2", ".mpg": "mpeg2video",
          ".mxf": "mpeg2video", ".flv": "flv", ".avi": "mpeg4"}  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_films_of_every_kind_are_told_by_their_bytes(tmp_path, suffix):
    source = tmp_path / f"film{suffix}"
    simple(source, 12, codec=CODECS.get(suffix, "libx264"), sound=False, rate=Fraction(25))
    nameless = tmp_path / "upload"
    source.rename(nameless)
    kind = film_kind(nameless.read_bytes()[:HEAD])
    assert kind == EXTENSIONS[suffix]
    assert kind in FORMATS
    with open_film(nameless) as film:
        assert film.kind == kind
        wanted = [time - film.shift * film.time_base for time in stamps(nameless)]
        survey = film.survey()
        assert [pts * film.time_base for pts in survey.pts] == wanted
        assert len(survey.pts) == 12
        assert not survey.cut_off
        assert len(stamps(whole_way(film, tmp_path))) == 12
        assert Survey.from_json(json.loads(json.dumps(asdict(survey)))) == survey


def gif():
    data = io.BytesIO()
    frames = [Image.new("L", (8, 8), level) for level in (0, 99, 200)]
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    return data.getvalue()


def packed():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("film.mp4", b"ftyp")
    return data.getvalue()


NONE = {
    "ffconcat": b"ffconcat version 1.0\nfile secret.mp4\n",
    "concat without a version": b"file 'secret.mp4'\nfile 'secret.mp4'\n",
    "m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "dash": b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>",
    "asx": b"<ASX version='3.0'><ENTRY><REF HREF='secret.mp4'/></ENTRY></ASX>",
    "reference": b"[Reference]\r\nRef1=http://127.0.0.1/secret.mp4\r\n",
    "zip": packed(),
    "gif": gif(),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "avif": b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "empty": b"",
    "text": b"G" * 4000 + b"hello",
    "elf": b"\x7fELF" + bytes(600),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_film_is_refused_and_opens_nothing_else(tmp_path, name):
    simple(tmp_path / "secret.mp4", 4)
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(NONE[name])
    with pytest.raises(NotAPictureError) as refused:
        open_film(upload)
    assert str(refused.value)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_list_of_files_behind_a_film_s_first_bytes_opens_nothing_else(tmp_path, kind):
    """Whatever a file claims, FFmpeg is held to the one format that its first bytes name."""
    simple(tmp_path / "secret.mp4", 4)
    begin = {"mp4": b"\0\0\0\x08free", "matroska": b"\x1a\x45\xdf\xa3", "avi": b"RIFF\0\0\0\0AVI ",
             "mpegts": (b"G\0\0\x10" + bytes(184)) * 8, "mpeg": b"\0\0\1\xba", "flv": b"FLV\1",
             "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "ogg": b"OggS",
             "mxf": bytes.fromhex("060e2b34020501010d0102")}[kind]  # fmt: skip
    upload = tmp_path / "upload.mp4"
    for text in (NONE["ffconcat"], NONE["m3u8"], bytes(5000)):
        upload.write_bytes(begin + b"\n" + text)
        with pytest.raises(ColorizerError):
            open_film(upload)


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".avi", ".mpg", ".flv"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_of_a_cut_off_film_there_is_what_came(tmp_path, suffix, share):
    source = tmp_path / f"film{suffix}"
    simple(source, 60, codec=CODECS.get(suffix, "libx264"), rate=Fraction(25),
           options={"g": "10", "b": "3M"}, size=(96, 128), sound=suffix == ".ts")  # fmt: skip
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * share)])
    with open_film(source) as film:
        survey = film.survey()
        assert 2 < len(survey.pts) <= 60
        found = list(film.frames(len(survey.pts) - 2))
        assert len(found) == 2
        result = whole_way(film, tmp_path)
        if suffix != ".flv":
            remux(film, tmp_path / f"copy{remux_suffix(film)}")
        if suffix in (".mkv", ".flv"):  # whose header says how long they are
            assert survey.cut_off
    assert len(stamps(result)) == len(survey.pts)


def test_of_mp4_with_its_index_in_front_there_is_what_came(tmp_path):
    source = tmp_path / "film.mp4"
    maker = Maker(source, {"movflags": "+faststart"})
    maker.pictures(range(60), options={"crf": "2"})
    maker.write()
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * 0.6)])
    with open_film(source) as film:
        survey = film.survey()
        assert 10 < len(survey.pts) < 60
        assert survey.cut_off
        assert len(stamps(whole_way(film, tmp_path))) == len(survey.pts)


def test_mp4_without_an_index_is_said_to_be_broken(tmp_path):
    source = simple(tmp_path / "film.mp4", 30)
    source.write_bytes(source.read_bytes()[:2000])
    with pytest.raises(BrokenPictureError, match="cut off"):
        open_film(source)


def test_damage_in_the_middle_costs_little(tmp_path):
    source = simple(tmp_path / "film.mkv", 90, options={"g": "10"})
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = np.random.default_rng(0).bytes(400)
    source.write_bytes(bytes(data))
    with open_film(source) as film:
        survey = film.survey()
        assert len(survey.pts) > 60
        lumas = [frame.luma.copy() for frame in film.frames()]
        again = [frame.luma.copy() for frame in film.frames()]
        assert all(np.array_equal(a, b) for a, b in zip(lumas, again, strict=True))


def test_what_nothing_holds_is_not_copied(tmp_path):
    source = simple(tmp_path / "film.flv", 4, sound=False, codec="flv", rate=Fraction(25))
    with open_film(source) as film, pytest.raises(NotAPictureError, match="strength above 0"):
        remux(film, tmp_path / f"copy{remux_suffix(film)}")
    assert not list(tmp_path.glob("*copy*"))


def test_damaged_sound_costs_no_more_than_itself(tmp_path):
    source = simple(tmp_path / "film.ts", 30)
    had = len(packets(source, "audio"))
    data = bytearray(source.read_bytes())
    place = -1
    for number in range(20):
        place = data.index(b"\xff\xf1", place + 1)  # the header of a packet of AAC
        if number > 10:
            data[place : place + 2] = bytes(2)
    source.write_bytes(bytes(data))
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    assert len(stamps(result)) == 30
    assert had // 2 < len(packets(result, "audio")) < had


def test_pictures_of_an_unknown_codec_are_said_to_be_so(tmp_path):
    source = simple(tmp_path / "film.mkv", 2, sound=False)
    patched(source, b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ")
    with pytest.raises(NotAPictureError, match="not read here"):
        open_film(source)


def patched(source, old, new):
    data = source.read_bytes()
    assert old in data
    source.write_bytes(data.replace(old, new))


@pytest.mark.parametrize(("width", "height"), [(65535, 65535), (30000, 48), (64, 20000)])
@pytest.mark.parametrize("codec", ["libx264", "mjpeg", "mpeg4"])
def test_frames_of_mad_sizes_are_refused_before_they_are_decoded(tmp_path, width, height, codec):
    source = tmp_path / "film.mp4"
    name = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    simple(source, 2, sound=False, codec=codec, name=name)
    data = source.read_bytes()
    for kind in (b"avc1", b"mp4v"):
        place = data.rfind(kind)  # its sample description
        if place > 0:
            place += 28
            assert data[place : place + 4] == struct.pack(">HH", 64, 48)
            data = data[:place] + struct.pack(">HH", width, height) + data[place + 4 :]
            break
    source.write_bytes(data)
    try:
        with open_film(source) as film:  # The frames themselves say how large they are.
            assert film.format.width * film.format.height <= 2 * 64 * 48
    except (TooLargeError, BrokenPictureError):
        pass


def test_large_frames_are_refused_with_numbers(tmp_path):
    source = simple(tmp_path / "film.mkv", 2, sound=False, size=(64, 600), codec="ffv1")
    with pytest.raises(TooLargeError, match="600 × 64"):
        open_film(source, max_side=512)


def test_long_films_are_refused(tmp_path):
    source = simple(tmp_path / "film.mp4", 60)
    with pytest.raises(TooLargeError, match="longer than"):
        open_film(source, max_minutes=0.02)
    slow = tmp_path / "slow.ts"
    maker = Maker(slow)
    maker.pictures(range(0, 8 * 90000 * 600, 90000 * 600), Fraction(1, 90000))
    maker.write()
    with pytest.raises(TooLargeError), open_film(slow, max_minutes=5) as film:
        film.survey()


def test_a_header_that_claims_years_is_refused(tmp_path):
    source = simple(tmp_path / "film.mkv", 4, sound=False)
    data = source.read_bytes()
    place = data.index(b"\x44\x89\x88")
    source.write_bytes(data[: place + 3] + struct.pack(">d", 1e12) + data[place + 11 :])
    with pytest.raises(TooLargeError, match="longer than"):
        open_film(source)


def test_too_many_tracks_are_refused(tmp_path):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    maker.pictures(range(2))
    for _ in range(70):
        maker.subtitles([(0, 0.1, b"a")])
    maker.write()
    with pytest.raises((TooLargeError, BrokenPictureError)):
        open_film(source)


def test_sound_alone_is_no_film(tmp_path):
    source = tmp_path / "sound.mp4"
    maker = Maker(source)
    maker.sound(1)
    maker.write()
    with pytest.raises(NotAPictureError, match="sound alone"):
        open_film(source)


def test_mad_rates_are_refused(tmp_path):
    source = tmp_path / "film.mp4"
    maker = Maker(source)
    maker.pictures(range(1200), Fraction(1, 100_000), codec="mjpeg", name="yuvj420p", size=(16, 16))
    maker.write()
    with open_film(source) as film, pytest.raises(TooLargeError, match="frames a second"):
        film.survey()


def test_tags_that_are_no_utf_8_are_no_obstacle(tmp_path):
    source = tmp_path / "film.mkv"
    maker = Maker(source)
    maker.output.metadata["title"] = "Sommerfrische"
    maker.pictures(range(2))
    maker.write()
    patched(source, b"Sommerfrische", b"S\xf6mm\xffrfr\xedsche")
    with open_film(source) as film:
        result = whole_way(film, tmp_path)
    with opened(result) as container:
        assert container.metadata["title"].startswith("S")


def test_names_that_look_like_addresses_are_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = simple(tmp_path / "film.mp4", 2)
    for name in ("concat:film.mp4", "http:x.mp4", "-i.mp4", "%03d.mp4"):
        other = tmp_path / name
        other.write_bytes(source.read_bytes())
        with open_film(other.relative_to(tmp_path)) as film:
            assert len(film.survey().pts) == 2


def test_without_pyav_a_sentence_says_so(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypisom" + bytes(100))
    code = (
        "import sys; sys.modules['av'] = None\n"
        "from pathlib import Path\n"
        "from colorizer.errors import NotReadyError\n"
        "from colorizer.video.containers import film_kind\n"
        "from colorizer.video.film import open_film\n"
        "assert film_kind(Path(sys.argv[1]).read_bytes()) == 'mp4'\n"
        "try: open_film(Path(sys.argv[1]))\n"
        "except NotReadyError as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(film)], cwd=root(), capture_output=True, text=True
    )
    assert "pip install" in run.stdout, run.stderr
