"""Words are found wherever a file has them, and stay, as the kind of result can hold them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.formats import exif_bytes
from support.metadata import colored, dataset, exiftool, jpeg, needs_exiftool, packet, png, resource
from support.pictures import decode_photo, encode_photo, encoded, scene

from colorizer.pictures.exif import EXIF_IFD, Tag, Tags, read_tags
from colorizer.pictures.formats import WRITABLE

XMP = packet('xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Busan"')
COM = 0xFE


def text(keyword, value):
    return b"tEXt", keyword.encode("latin-1") + b"\0" + value.encode("latin-1")


def inflated(keyword, value):
    return b"zTXt", keyword.encode() + b"\0\0" + zlib.compress(value)


def raw_profile(name, value):
    figures = value.hex()
    lines = "\n".join(figures[i : i + 72] for i in range(0, len(figures), 72))
    return inflated(f"Raw profile type {name}", f"\n{name}\n{len(value):8d}\n{lines}\n".encode())


def international(keyword, value, deflated=False):
    value = zlib.compress(value.encode()) if deflated else value.encode()
    return b"iTXt", keyword.encode() + (b"\0\1\0" if deflated else b"\0\0\0") + b"ko\0\0" + value


PNG = png(
    text("Title", "Café"),
    text("Author", "Otto"),
    international("Description", "항구"),
    international("Copyright", "© Otto", deflated=True),
    text("Creation Time", "Sun, 01 May 1938 12:00:00 +0900"),
    text("Comment", "On the back: Busan"),
    text("Box", "12"),
    text("Thumb::URI", "file:///home/otto"),
    text("Software", "Scan 1"),
)


@needs_exiftool
@pytest.mark.parametrize("kind", WRITABLE)
def test_texts_of_a_png_stay(kind, tmp_path):
    told = exiftool(encode_photo(colored(decode_photo(PNG)), kind), kind, tmp_path)
    if kind == "PNG":
        assert told["PNG:Title"] == "Café"
        assert told["PNG:Author"] == "Otto"
        assert told["PNG:Copyright"] == "© Otto"
        assert told["PNG:Description"] == "항구"
        assert told["PNG:CreationTime"].startswith("1938:05:01 12:00:00")
        assert told["PNG:Comment"] == "On the back: Busan"
        assert told["PNG:Box"] == 12
    else:
        assert told["XMP-dc:Title"] == "Café"
        assert told["XMP-dc:Creator"] == "Otto"
        assert told["XMP-dc:Rights"] == "© Otto"
        assert told["XMP-dc:Description"] == "항구"
        assert told["XMP-photoshop:DateCreated"] == "1938:05:01 12:00:00+09:00"
        comment = told["File:Comment"] if kind == "JPEG" else told["XMP-exif:UserComment"]
        assert "On the back: Busan" in comment or kind == "JPEG"
    assert not [value for value in map(str, told.values()) if "otto" in value or "Scan 1" in value]


@needs_exiftool
@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("source", ["JPEG", "GIF"])
def test_comments_stay(source, kind, tmp_path):
    words = "할머니, 1938"
    if source == "JPEG":
        data = jpeg((COM, words.encode()))
    else:
        data = encoded(scene(60, 40).convert("P"), "GIF", comment=words.encode())
    told = exiftool(encode_photo(decode_photo(data), kind), kind, tmp_path)
    name = {"JPEG": "File:Comment", "PNG": "PNG:Comment"}.get(kind, "XMP-dc:Description")
    assert told[name] == words


def test_all_comments_stay_in_any_letters():
    data = jpeg((COM, b"first"), (COM, "zweite, für Otto".encode("latin-1")), (COM, b"first"))
    right = (("Comment", "first"), ("Comment", "zweite, für Otto"))
    assert decode_photo(data).about.texts == right
    assert decode_photo(encode_photo(decode_photo(data), "JPEG")).about.texts == right


@needs_exiftool
def test_a_comment_that_a_program_wrote_is_no_caption(tmp_path):
    data = jpeg((COM, b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n"))
    told = exiftool(encode_photo(colored(decode_photo(data)), "WEBP"), "WEBP", tmp_path)
    assert not [value for value in map(str, told.values()) if "gd-jpeg" in value]


@needs_exiftool
@pytest.mark.parametrize("kind", WRITABLE)
def test_texts_in_exif_stay(kind, tmp_path):
    tags = read_tags(io.BytesIO(exif_bytes(">")))
    windows = "할머니\0".encode("utf-16-le")
    for number in range(0x9C9B, 0x9CA0):
        tags.main[number] = Tag(1, len(windows), windows)
    comment = b"UNICODE\0" + "항구".encode("utf-16-be")
    tags.inner[EXIF_IFD][0x9286] = Tag(7, len(comment), comment)
    data = encoded(scene(60, 40), "JPEG", exif=b"Exif\0\0" + tags.to_bytes())
    told = exiftool(encode_photo(decode_photo(data), kind), kind, tmp_path)
    assert told["IFD0:ImageDescription"] == "할머니"
    for name in ("Title", "Comment", "Author", "Keywords", "Subject"):
        assert told[f"IFD0:XP{name}"] == "할머니"
    assert told["ExifIFD:UserComment"] == "항구"


@needs_exiftool
@pytest.mark.parametrize("size", [61_000, 70_000])
def test_exif_too_long_for_a_jpeg_loses_the_longest_alone(size, tmp_path):
    tags = read_tags(io.BytesIO(exif_bytes()))
    note = b"Unknown\0" * (size // 8)
    tags.inner[EXIF_IFD][0x927C] = Tag(7, len(note), note)
    tags.inner[EXIF_IFD][0x9286] = Tag(7, 5008, b"ASCII\0\0\0" + b"word " * 1000)
    tags.inner.pop(0x8825)
    chunk = (b"eXIf", tags.to_bytes())
    for kind in WRITABLE:
        data = encode_photo(colored(decode_photo(png(chunk))), kind)
        assert (note in data) == (kind != "JPEG")
        told = exiftool(data, kind, tmp_path)
        assert told["ExifIFD:UserComment"].startswith("word word")
        assert told["IFD0:ImageDescription"] == "할머니"
        assert told["IFD0:Software"].startswith("Colorizer")


def test_exif_that_goes_on_in_a_second_segment_is_read():
    exif = exif_bytes()
    parts = [(0xE1, b"Exif\0\0" + part) for part in (exif[:100], exif[100:])]
    assert decode_photo(jpeg(*parts)).about.exif == exif


def test_profiles_of_imagemagick_in_a_png_are_read():
    exif, iptc = exif_bytes(), dataset(2, 80, "Otto")
    about = decode_photo(
        png(
            raw_profile("exif", b"Exif\0\0" + exif),
            raw_profile("iptc", resource(0x0404, iptc)),
            raw_profile("xmp", XMP),
        )
    ).about
    assert (about.exif, about.xmp) == (exif, XMP)
    assert iptc in about.iptc
    about = decode_photo(png(raw_profile("APP1", b"http://ns.adobe.com/xap/1.0/\0" + XMP))).about
    assert about.xmp == XMP
    for bad in (b"", b"\n", b"\nexif\n", b"\nexif\n 10\nxyz", b"\n" * 100_000):
        decode_photo(png(inflated("Raw profile type exif", bad)))


def test_xmp_in_a_gif_is_read():
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    block = b"!\xff\x0bXMP DataXMP" + XMP + trailer
    data = encoded(scene(60, 40).convert("P"), "GIF", comment=b"word")
    start = 13 + (6 << (data[10] & 7))  # behind the colours
    for place in (start, len(data) - 1):
        about = decode_photo(data[:place] + block + data[place:]).about
        assert about.xmp == XMP
        assert about.texts == (("Comment", "word"),)


def test_words_beyond_all_measure_are_left_out():
    bomb = inflated("Comment", bytes(20_000_000))
    small = text("Title", "Harbour")
    assert decode_photo(png(small, bomb)).about.texts == (("Title", "Harbour"),)
    cut = inflated("Comment", b"word " * 1000)[1][:-9]
    assert decode_photo(png(small, (b"zTXt", cut))).about.texts == (("Title", "Harbour"),)
    many = decode_photo(png(*[inflated(f"A{i}", b"x" * (1 << 20)) for i in range(12)])).about
    assert sum(len(value) for _, value in many.texts) <= 8 << 20
    comments = decode_photo(jpeg(*[(COM, b"%d" % i) for i in range(3_000)])).about.texts
    assert len(comments) <= 1_000
    exif = [(0xE1, b"Exif\0\0II*\0" + bytes(60_000)), *[(0xE1, b"Exif\0\0" + bytes(65_000))] * 200]
    assert len(decode_photo(jpeg(*exif)).about.exif) <= 8 << 20


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF"])
def test_damaged_words_are_no_reason_to_refuse_a_picture(kind):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.asarray(scene(60, 40)), photometric="rgb", description="word")
    good = {
        "JPEG": jpeg((COM, b"word"), (0xED, resource(0x0404, dataset(2, 80, "Otto")))),
        "PNG": PNG,
        "GIF": encoded(scene(60, 40).convert("P"), "GIF", comment=b"word"),
        "TIFF": buffer.getvalue(),
    }[kind]
    from colorizer.pictures.words import read_words

    random = np.random.default_rng(0)
    for _ in range(300):
        bad = bytearray(good)
        for place in random.integers(0, min(len(bad), 600), 4):
            bad[place] = random.integers(256)
        read_words(io.BytesIO(bytes(bad[: random.integers(1, len(bad))])), kind)
    assert Image.open(io.BytesIO(good)).size == (60, 40)


def test_a_gps_directory_in_exifs_own_is_found():
    tags = Tags("<")
    tags.inner[EXIF_IFD] = {0x9003: Tag(2, 20, b"1938:05:01 12:00:00\0")}
    exif = bytearray(tags.to_bytes())
    assert read_tags(io.BytesIO(bytes(exif))).inner[EXIF_IFD]
    gps = struct.pack("<HHHI4sI", 1, 1, 2, 2, b"N\0\0\0", 0)
    entry = struct.pack("<HHII", 0x8825, 4, 1, 500)
    own = struct.pack("<H", 1) + entry + bytes(4)
    data = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 200, 0)
    data = (data.ljust(200, b"\0") + own).ljust(500, b"\0") + gps
    assert 0x8825 in read_tags(io.BytesIO(data)).inner
