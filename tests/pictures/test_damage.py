"""Files of every kind that are cut off or have holes: refused, never a part of them made up."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
import pyvips
import tifffile
from support.formats import RGB8, RGB16, heic, opencv
from support.pictures import decode_photo, encoded, scene
from support.tiffs import BYTE, LONG, SHORT, Page, page_of, tiff_file

from colorizer.errors import BrokenPictureError
from colorizer.pictures.reading import check_photo, read_photo

PICTURE = scene(200, 150, colour=True)


def vips_tiff(compression, **options):
    image = pyvips.Image.new_from_array(np.asarray(PICTURE))
    if compression in ("ccittfax4",):
        image = image[1] > 128
        options |= {"bitdepth": 1}
    return image.tiffsave_buffer(compression=compression, **options)


TIFFS = {
    f"{compression} {layout}": (compression, options)
    for compression in ("none", "lzw", "deflate", "packbits", "jpeg", "webp", "ccittfax4")
    for layout, options in {
        "strips": {},
        "tiles": {"tile": True, "tile_width": 64, "tile_height": 64},
        "big tiles": {"tile": True, "tile_width": 64, "tile_height": 64, "bigtiff": True},
    }.items()
}
TIFFS["deflate pyramid"] = (
    "deflate",
    {"tile": True, "pyramid": True, "tile_width": 32, "tile_height": 32},
)


def parts_of(data):
    page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
    return list(zip(page.dataoffsets, page.databytecounts, strict=True))


def with_number(data, tags, part, number):
    """Set where a part stands, or how many bytes it has."""
    page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
    tag = next(page.tags[each] for each in tags if each in page.tags)
    size = {3: 2, 4: 4, 16: 8}[int(tag.dtype)]
    place = tag.valueoffset + size * part
    return data[:place] + number.to_bytes(size, "little") + data[place + size :]


@pytest.mark.parametrize("name", TIFFS)
def test_a_tiff_with_a_part_missing(name):
    compression, options = TIFFS[name]
    data = vips_tiff(compression, **options)
    assert decode_photo(data).rgb.shape == (150, 200, 3)
    parts = parts_of(data)
    last = len(parts) - 1
    offset, size = parts[last]
    bad = {
        "offset 0": with_number(data, (273, 324), last, 0),
        "count 0": with_number(data, (279, 325), last, 0) if last else data[:-5],
        "beyond the file": with_number(data, (273, 324), last, len(data) + 10),
        "over the end": with_number(data, (273, 324), last, len(data) - size + 1),
    }
    if compression not in (
        "none",
        "webp",
    ):  # WebP has no sums, uncompressed pixels have none either.
        hole = bytes(size - size // 4)
        bad["zeros"] = data[: offset + size // 4] + hole + data[offset + size :]
    for what, damaged in bad.items():
        with pytest.raises(BrokenPictureError):
            decode_photo(damaged)
            pytest.fail(what)
        with pytest.raises(BrokenPictureError):
            read_photo(io.BytesIO(damaged), box=(190, 140, 10, 10))


def test_of_a_tiff_with_a_hole_in_a_tile_the_rest_is_read():
    data = vips_tiff("deflate", tile=True, tile_width=64, tile_height=64)
    offset, size = parts_of(data)[-1]
    damaged = data[: offset + size // 4] + bytes(size - size // 4) + data[offset + size :]
    part = read_photo(io.BytesIO(damaged), box=(10, 10, 40, 40))
    np.testing.assert_array_equal(part.rgb, np.asarray(PICTURE)[10:50, 10:50])


@pytest.mark.parametrize(
    "layout", [{}, {"tile": 16}, {"planes": True}, {"planes": True, "tile": 16}]
)
@pytest.mark.parametrize("order", "<>")
def test_an_empty_part_is_said_to_be_one(layout, order):
    """GDAL leaves out the offset and the count of a tile that is wholly empty."""
    page = page_of(RGB8, order, compress=zlib.compress, tags={259: (SHORT, 8)}, **layout)
    data = tiff_file(page, order=order)
    place = data.index(
        (len(page.parts[2])).to_bytes(4, {"<": "little", ">": "big"}[order]), len(data) - 900
    )
    with pytest.raises(BrokenPictureError, match="says itself that they are empty"):
        check_photo(io.BytesIO(data[:place] + bytes(4) + data[place + 4 :]))


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("compress", [bytes, zlib.compress])
@pytest.mark.parametrize("layout", [{}, {"tile": 16}, {"planes": True}])
def test_a_tiff_whose_directory_stands_in_front_and_that_is_cut_off(layout, compress, keep):
    method = 1 if compress is bytes else 8
    whole = tifffile_first(page_of(RGB16, compress=compress, tags={259: (SHORT, method)}, **layout))
    np.testing.assert_array_equal(decode_photo(whole).rgb, RGB16)
    with pytest.raises(BrokenPictureError):
        decode_photo(whole[: int(len(whole) * keep)])


def tifffile_first(page):
    """Write a file with its directory in front of its parts."""
    room = 4096
    places, at = [], room
    for part in page.parts:
        places.append(at)
        at += len(part)
    tiled = 322 in page.tags
    tags = page.tags | {324 if tiled else 273: (LONG, places)}
    tags[325 if tiled else 279] = (LONG, [len(part) for part in page.parts])
    head = tiff_file(Page([], tags))
    return head.ljust(room, b"\0") + b"".join(page.parts)


def changed(data, tag, **values):
    """Change a tag's type, count or value in its entry."""
    start = int.from_bytes(data[4:8], "little")
    for place in range(
        start + 2, start + 2 + 12 * int.from_bytes(data[start : start + 2], "little"), 12
    ):
        if int.from_bytes(data[place : place + 2], "little") == tag:
            at, size = {"type": (2, 2), "count": (4, 4), "value": (8, 4)}[next(iter(values))]
            number = next(iter(values.values()))
            return data[: place + at] + number.to_bytes(size, "little") + data[place + at + size :]
    raise KeyError(tag)


@pytest.mark.parametrize("layout", [{}, {"tile": 16}])
def test_oddities_of_a_sound_tiff_are_no_damage(layout):
    """What libtiff warns of, and a few things that it recovers."""
    tags = {305: (2, list(b"An old scanner's program")), 65000: (BYTE, list(range(40)))}
    tags |= {282: (5, [300, 1]), 283: (5, [300, 1]), 259: (SHORT, 8)}
    sound = tiff_file(page_of(RGB8, compress=zlib.compress, tags=tags, **layout))
    start = int.from_bytes(sound[4:8], "little")
    first, second = sound[start + 2 : start + 14], sound[start + 14 : start + 26]
    odd = [
        sound,
        sound[: start + 2] + second + first + sound[start + 26 :],  # not in order
        changed(sound, 305, type=3),
        changed(sound, 305, count=0),
        changed(sound, 305, value=0xFFFFFFF0),
        changed(sound, 65000, value=0xFFFFFFF0),
        changed(sound, 65000, type=77),
        changed(sound, 282, count=7),
        tiff_file(page_of(RGB8, compress=zlib.compress, tags=tags | {296: (SHORT, 9)}, **layout)),
        tiff_file(
            page_of(RGB8, compress=zlib.compress, tags=tags | {339: (SHORT, [4, 4, 4])}, **layout)
        ),
        tiff_file(page_of(RGB8, compress=zlib.compress, tags=tags | {258: (SHORT, 8)}, **layout)),
        tiff_file(
            page_of(RGB8, compress=zlib.compress, tags=tags | {279: None, 325: None}, **layout)
        ),
        tiff_file(page_of(RGB8, tags={279: None, 325: None}, **layout)),
        tiff_file(page_of(RGB8, tags={262: None}, **layout)),
    ]
    for data in odd:
        np.testing.assert_array_equal(decode_photo(data).rgb, RGB8)
    # The count of a single strip that isn't compressed may be anything.
    single = page_of(RGB8[:7], tags={278: (LONG, 7)})
    single.tags[279] = (LONG, 1)
    np.testing.assert_array_equal(decode_photo(tiff_file(single)).rgb, RGB8[:7])


KINDS = {
    "JPEG": encoded(PICTURE, "JPEG", quality=92),
    "JPEG progressive": encoded(PICTURE, "JPEG", quality=92, progressive=True),
    "PNG": encoded(PICTURE),
    "WebP": encoded(PICTURE, "WEBP", quality=90),
    "WebP lossless": encoded(PICTURE, "WEBP", lossless=True),
    "GIF": encoded(PICTURE.quantize(256), "GIF"),
    "AVIF": encoded(PICTURE, "AVIF", quality=90, speed=9),
    "HEIC": heic(np.asarray(PICTURE)),
    "JPEG 2000": opencv(np.asarray(PICTURE), ".jp2"),
    "BMP": encoded(PICTURE, "BMP"),
    "PPM": encoded(PICTURE, "PPM"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_cut_off_in_the_middle(name):
    data = KINDS[name]
    assert decode_photo(data).width == 200
    for length in (len(data) // 2, len(data) * 9 // 10):
        with pytest.raises(BrokenPictureError):
            decode_photo(data[:length])


# The other kinds have nothing that would tell: neither sums nor codes that can be wrong.
@pytest.mark.parametrize("name", ["JPEG", "JPEG progressive", "PNG", "GIF", "AVIF"])
def test_a_file_with_a_hole(name):
    data = KINDS[name]
    middle, size = len(data) // 2, len(data) // 8
    with pytest.raises(BrokenPictureError):
        decode_photo(data[:middle] + bytes(size) + data[middle + size :])


def test_stray_bytes_in_front_of_a_marker_are_no_damage():
    """As some cameras leave them; libjpeg warns of them."""
    for name in ("JPEG", "JPEG progressive"):
        data = KINDS[name]
        whole = decode_photo(data).rgb
        end = decode_photo(data[:-2] + b"\0" * 3 + data[-2:]).rgb
        np.testing.assert_array_equal(end, whole)
    progressive = KINDS["JPEG progressive"]
    scan = progressive.rindex(b"\xff\xda")
    stray = decode_photo(progressive[:scan] + b"\1" + progressive[scan:]).rgb
    np.testing.assert_array_equal(stray, decode_photo(progressive).rgb)
