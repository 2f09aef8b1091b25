"""TIFFs of every make: right pixels by TIFF's own definitions, or a refusal that says why."""

from __future__ import annotations

import io
import lzma
import zlib

import numpy as np
import pytest
from PIL import Image
from support.formats import GREY8, GREY16, RGB8, RGB16, as_rgb
from support.pictures import decode_photo, encoded
from support.tiffs import BYTE, LONG, SHORT, Page, page_of, tiff_file

from colorizer.errors import NotAPictureError
from colorizer.pictures.reading import check_photo, read_photo

HEIGHT, WIDTH = GREY8.shape
EVERY_LEVEL = np.arange(256, dtype=np.uint8).reshape(16, 16)


def same(data, pixels, alpha=None):
    """Assert that a file holds these pixels, all of it and in part."""
    photo = decode_photo(data)
    np.testing.assert_array_equal(photo.rgb, as_rgb(pixels))
    assert photo.rgb.dtype == pixels.dtype
    if alpha is None:
        assert photo.alpha is None
    else:
        np.testing.assert_array_equal(photo.alpha, alpha)
    part = read_photo(io.BytesIO(data), box=(5, 9, 7, 6))
    np.testing.assert_array_equal(part.rgb, as_rgb(pixels)[9:15, 5:12])


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("array", [GREY8, GREY16, RGB8, RGB16], ids=["8", "16", "RGB 8", "RGB 16"])
def test_strips_tiles_and_planes(array, order, big):
    for layout in ({}, {"tile": 16}, {"planes": True}, {"planes": True, "tile": 16}, {"tile": 48}):
        for compress, method in ((bytes, 1), (zlib.compress, 8), (lzma.compress, 34925)):
            options = {**layout, "compress": compress, "tags": {259: (SHORT, method)}}
            same(tiff_file(page_of(array, order, **options), order=order, big=big), array)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("tile", [None, 16])
@pytest.mark.parametrize(("method", "compress"), [(8, zlib.compress), (34925, lzma.compress)])
def test_differences_to_the_pixel_before(method, compress, tile, order):
    differences = np.pad(RGB16, ((0, 0), (0, -WIDTH % (tile or 1)), (0, 0)))
    differences = differences.reshape(HEIGHT, -1, tile or WIDTH, 3).copy()
    differences[:, :, 1:] -= differences[:, :, :-1].copy()
    differences = differences.reshape(HEIGHT, -1, 3)[:, :WIDTH]
    tags = {259: (SHORT, method), 317: (SHORT, 2)}
    page = page_of(differences, order, tile=tile, compress=compress, tags=tags)
    same(tiff_file(page, order=order), RGB16)


def test_zstandard():
    same(encoded(Image.fromarray(RGB8), "TIFF", compression="zstd"), RGB8)


@pytest.mark.parametrize(
    ("method", "name"), [(34887, "LERC"), (34661, "JBIG"), (50002, "JPEG XL"), (777, "no. 777")]
)
def test_a_compression_that_is_not_read_is_named(method, name):
    with pytest.raises(NotAPictureError, match=f"compressed with {name}, which can't be read"):
        check_photo(io.BytesIO(tiff_file(page_of(RGB8, tags={259: (SHORT, method)}))))


# Which picture is meant.
SMALL = page_of(RGB8[::4, ::4])
REDUCED = page_of(RGB8[::4, ::4], tags={254: (LONG, 1)})


def test_a_thumbnail_in_front_is_not_the_picture():
    full, inner = page_of(RGB16), page_of(RGB16, tile=16)
    same(tiff_file(REDUCED, full), RGB16)
    same(tiff_file(REDUCED, REDUCED, full), RGB16)
    same(tiff_file(page_of(RGB8[::4], tags={255: (SHORT, 2)}), full), RGB16)
    same(tiff_file(Page(REDUCED.parts, REDUCED.tags, [REDUCED, inner])), RGB16)
    same(tiff_file(Page(REDUCED.parts, REDUCED.tags, [inner]), SMALL), RGB16)
    mask = page_of(GREY8, tags={254: (LONG, 4), 262: (SHORT, 4)})
    same(tiff_file(mask, full), RGB16)
    for pages in ((REDUCED, full), (full, REDUCED)):
        assert decode_photo(tiff_file(*pages)).about.pages == 1


def test_of_pages_at_full_size_the_first_is_read():
    data = tiff_file(page_of(RGB8), page_of(RGB16), REDUCED)
    same(data, RGB8)
    assert decode_photo(data).about.pages == 2
    pyramid = Page(**(vars(page_of(RGB8, tile=16)) | {"inner": [REDUCED, SMALL]}))
    same(tiff_file(pyramid), RGB8)
    # Where all are said to be small copies, the largest is what there is.
    large = page_of(RGB8, tags={254: (LONG, 1)})
    same(tiff_file(REDUCED, large), RGB8)


def test_words_come_from_the_picture_or_else_from_the_first_page():
    full = page_of(RGB8, tags={700: (BYTE, list(b"<its own/>")), 274: (SHORT, 3)})
    first = page_of(GREY8[::4], tags={254: (LONG, 1), 33723: (BYTE, list(b"\x1c\2\5\0\1A"))})
    photo = decode_photo(tiff_file(first, full))
    np.testing.assert_array_equal(photo.rgb, RGB8[::-1, ::-1])
    assert photo.about.xmp == b"<its own/>"
    assert photo.about.iptc == b"\x1c\2\5\0\1A"


RAW = [
    tiff_file(page_of(RGB8, tags={254: (LONG, 1), 50706: (BYTE, [1, 4, 0, 0])})),
    tiff_file(Page(REDUCED.parts, REDUCED.tags, [page_of(GREY16, tags={262: (SHORT, 32803)})])),
    tiff_file(SMALL, page_of(GREY16, tags={262: (SHORT, 34892)}), order=">"),
    tiff_file(SMALL, page_of(GREY16, tags={259: (SHORT, 34713)})),
    b"II*\0\x10\0\0\0CR\2\0" + bytes(100),
    b"IIRO\x08\0\0\0" + bytes(100),
    b"IIU\0\x18\0\0\0" + bytes(100),
    b"FUJIFILMCCD-RAW 0201" + bytes(100),
    b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(100),
]


@pytest.mark.parametrize("data", RAW)
def test_a_raw_file_is_said_to_be_one(data):
    with pytest.raises(NotAPictureError, match=r"raw file\. Develop it"):
        check_photo(io.BytesIO(data))


# What samples mean.
OTHER = RGB16[::-1, :, 0]


@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("colour", [GREY16[..., None], RGB16], ids=["grey", "RGB"])
def test_further_channels(colour, deep, planes):
    def file(*extra, samples, tagged=True):
        tags = {338: (SHORT, list(extra)) if tagged else None}
        tags[262] = (SHORT, 2 if colour.shape[2] == 3 else 1)
        array = depth(np.dstack([colour, *samples]))
        return tiff_file(page_of(array, planes=planes, tags=tags))

    def depth(array):
        return array if deep else (array >> 8).astype(np.uint8)

    same(file(0, samples=[OTHER]), depth(colour))
    same(file(samples=[OTHER], tagged=False), depth(colour))
    same(file(2, samples=[OTHER]), depth(colour), depth(OTHER))
    same(file(0, 2, samples=[GREY16, OTHER]), depth(colour), depth(OTHER))
    same(file(2, 0, 0, samples=[OTHER, GREY16, GREY16]), depth(colour), depth(OTHER))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_that_is_multiplied_into_the_colours(dtype):
    white = np.iinfo(dtype).max
    shift = 0 if dtype == np.uint16 else 8
    alpha, colour = (OTHER >> shift).astype(dtype), (RGB16 >> shift).astype(dtype)
    alpha[3, 4], alpha[3, 5] = 0, white
    stored = np.rint(colour * (alpha / white)[..., None]).astype(dtype)
    data = tiff_file(page_of(np.dstack([stored, alpha]), tags={338: (SHORT, 1)}))
    photo = decode_photo(data)
    np.testing.assert_array_equal(photo.alpha, alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = np.where(alpha[..., None] == 0, 0, stored * (white / alpha[..., None]))
    assert np.abs(photo.rgb - right.clip(0, white)).max() <= 0.51
    assert tuple(photo.rgb[3, 5]) == tuple(colour[3, 5])


def test_inks_with_a_further_channel():
    paper = np.zeros((*GREY8.shape, 5), np.uint8)
    paper[..., 3], paper[..., 4] = GREY8, GREY8[::-1]
    for meaning, alpha in ((0, None), (2, GREY8[::-1])):
        tags = {262: (SHORT, 5), 338: (SHORT, meaning)}
        same(tiff_file(page_of(paper, tags=tags)), 255 - GREY8, alpha)
    with pytest.raises(NotAPictureError, match="inks other than CMYK"):
        decode_photo(tiff_file(page_of(paper, tags={262: (SHORT, 5), 332: (SHORT, 2)})))


def packed(values, bits):
    """Pack whole numbers of few bits, each row from a byte's beginning."""
    rows = values.reshape(len(values), -1, 1).astype(np.uint16)
    single = (rows >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(single.reshape(len(values), -1).astype(np.uint8), axis=1).tobytes()


def packed_page(values, bits, **tags):
    samples = 1 if values.ndim == 2 else values.shape[2]
    photometric = tags.pop("photometric", 2 if samples > 1 else 1)
    return Page(
        [packed(values, bits)],
        {
            256: (LONG, values.shape[1]),
            257: (LONG, len(values)),
            258: (SHORT, [bits] * samples),
            262: (SHORT, photometric),
            277: (SHORT, samples),
            **{int(tag[1:]): row for tag, row in tags.items()},
        },
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 10, 12, 14])
def test_samples_of_odd_bits(bits):
    white = (1 << bits) - 1
    dtype, top = (np.uint8, 255) if bits < 8 else (np.uint16, 65535)
    for stored in (GREY16 >> (16 - bits), RGB16 >> (16 - bits)):
        right = np.rint(stored * (top / white)).astype(dtype)
        same(tiff_file(packed_page(stored, bits)), right)
    grey = GREY16 >> (16 - bits)
    right = np.rint(grey * (top / white)).astype(dtype)
    same(tiff_file(packed_page(white - grey, bits, photometric=0)), right)
    page = packed_page(grey, bits, t259=(SHORT, 8))
    page.parts = [zlib.compress(page.parts[0])]
    same(tiff_file(page, order=">"), right)
    page = packed_page(grey, bits, t266=(SHORT, 2))
    reverse = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    page.parts = [page.parts[0].translate(reverse)]
    same(tiff_file(page), right)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes(bits):
    index = GREY8 >> (8 - bits)
    table = np.random.default_rng(0).integers(0, 65536, (3, 1 << bits))
    for entries, right in (
        (table, table.astype(np.uint16)),  # of 16 bits
        ((table >> 8) * 257, (table >> 8).astype(np.uint8)),
        ((table >> 8) << 8, (table >> 8).astype(np.uint8)),
        (table >> 8, (table >> 8).astype(np.uint8)),  # as very old writers have it
    ):
        tags = {"photometric": 3, "t320": (SHORT, entries.ravel())}
        same(tiff_file(packed_page(index, bits, **tags)), right.T[index])


def test_a_palette_with_alpha():
    table = np.random.default_rng(0).integers(0, 256, (3, 256)) * 257
    tags = {262: (SHORT, 3), 320: (SHORT, table.ravel()), 338: (SHORT, 2)}
    data = tiff_file(page_of(np.dstack([GREY8, GREY8[::-1]]), tags=tags))
    same(data, (table & 255).astype(np.uint8).T[GREY8], GREY8[::-1])


@pytest.mark.parametrize(
    ("array", "format_"),
    [
        (GREY16.astype(np.float32), 3),
        (GREY16.astype(np.float16), 3),
        (GREY16.astype(np.uint32), 1),
        (GREY8.astype(np.int8), 2),
        (GREY16.astype(np.int16), 2),
        (GREY8.astype(np.complex64), 6),
        (GREY16.astype(np.uint32), 5),
    ],
)
def test_samples_that_are_not_coloured_are_said_to_be_such(array, format_):
    code = f"u{array.dtype.itemsize}"
    with pytest.raises(NotAPictureError, match=r"floating-point or signed .* more than 16 bits"):
        check_photo(io.BytesIO(tiff_file(page_of(array.view(code), tags={339: (SHORT, format_)}))))


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({258: (SHORT, [5, 6, 5])}, "channels of different depths"),
        ({262: (SHORT, 32845)}, "LogLuv"),
        ({262: (SHORT, 10)}, "ITU Lab"),
        ({262: (SHORT, 4)}, "a mask"),
        ({259: (SHORT, 7), 258: (SHORT, [12, 12, 12])}, "JPEG of 12 bits"),
    ],
)
def test_other_kinds_are_named(tags, name):
    with pytest.raises(NotAPictureError, match=f"holds {name}, which can't be read"):
        check_photo(io.BytesIO(tiff_file(page_of(RGB8, tags=tags))))


def test_old_jpeg():
    jpeg = encoded(Image.fromarray(RGB8), "JPEG", quality=98)
    tags = {256: (LONG, WIDTH), 257: (LONG, HEIGHT), 258: (SHORT, [8, 8, 8]), 259: (SHORT, 6)}
    tags |= {262: (SHORT, 6), 277: (SHORT, 3), 278: (LONG, HEIGHT), 512: (SHORT, 1)}
    tags |= {513: (LONG, 8), 514: (LONG, len(jpeg)), 530: (SHORT, [2, 2])}
    photo = decode_photo(tiff_file(Page([jpeg], tags)))
    assert np.abs(photo.rgb.astype(int) - RGB8).mean() < 4
    # Wang's way: tables in tags of their own, and strips that are nothing but scans.
    tags = {tag: row for tag, row in tags.items() if tag not in (513, 514)}
    data = tiff_file(Page(*old_jpeg_of_tables(tags)))
    photo = decode_photo(data)
    assert np.abs(photo.rgb.astype(int) - RGB8).mean() < 4


def old_jpeg_of_tables(tags):
    jpeg = encoded(Image.fromarray(RGB8), "JPEG", quality=98)
    quantisers, coders, place = {}, {}, 2
    while jpeg[place + 1] != 0xDA:
        marker, size = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4], "big")
        body = jpeg[place + 4 : place + 2 + size]
        if marker == 0xDB:
            for at in range(0, len(body), 65):
                quantisers[body[at]] = body[at + 1 : at + 65]
        while marker == 0xC4 and body:
            count = sum(body[1:17])
            coders[body[0]], body = body[1 : 17 + count], body[17 + count :]
        place += 2 + size
    scan = jpeg[place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big") : -2]
    parts = [scan, *quantisers.values(), *coders.values()]
    at = [8]
    for part in parts:
        at.append(at[-1] + len(part) + len(part) % 2)
    of_luma, of_chroma = at[1], at[2]
    names = dict(zip(coders, at[3:], strict=False))
    tags = tags | {519: (LONG, [of_luma, of_chroma, of_chroma])}
    tags |= {520: (LONG, [names[0], names[1], names[1]])}
    tags |= {521: (LONG, [names[0x10], names[0x11], names[0x11]])}
    tags |= {273: (LONG, 8), 279: (LONG, len(scan))}
    return parts, tags
