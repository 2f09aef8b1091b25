"""Every kind of file, in every depth and colour space, in and out again."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms
from support.pictures import encoded, scene

from colorizer.errors import (
    BrokenPictureError,
    ColorizerError,
    MemoryShortError,
    NotAPictureError,
    TooLargeError,
)
from colorizer.pictures.exif import Tags
from colorizer.pictures.formats import FORMATS, WRITABLE, find_kind
from colorizer.pictures.photo import Photo, encode_photo, read_photo, write_photo
from colorizer.pictures.profiles import convert, is_srgb, srgb_profile

RGB8 = np.asarray(scene(61, 40, colour=True))
GREY8 = np.ascontiguousarray(RGB8[..., 1])
RGB16 = RGB8.astype(np.uint16) * 257 + np.random.default_rng(0).integers(
    -99, 99, RGB8.shape
).astype(np.uint16)
GREY16 = np.ascontiguousarray(RGB16[..., 1])
ALPHA8 = np.ascontiguousarray(RGB8[::-1, ..., 0])
RGBA8, RGBA16 = (np.dstack([a, b]) for a, b in ((RGB8, ALPHA8), (RGB16, RGB16[::-1, ..., 0])))
BITS = (GREY8 > 128).astype(np.uint8) * 255


def read(data):
    return read_photo(io.BytesIO(data))


def as_rgb(array):
    array = array[..., None] if array.ndim == 2 else array
    return np.repeat(array, 3, 2) if array.shape[2] < 3 else array[..., :3]


def pillow(array, kind, mode=None, **options):
    image = Image.fromarray(array)
    return encoded(image.convert(mode) if mode else image, kind, **options)


def opencv(array, suffix, *options):
    swapped = array if array.ndim == 2 else array[..., [2, 1, 0, 3][: array.shape[2]]]
    return cv2.imencode(suffix, swapped, options)[1].tobytes()


def tiff(array, **options):
    buffer = io.BytesIO()
    options.setdefault("photometric", "rgb" if array.ndim == 3 else "minisblack")
    if array.ndim == 3 and array.shape[2] == 4 and options["photometric"] == "rgb":
        options["extrasamples"] = ["unassalpha"]
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def heic(array):
    mode = {np.uint8: "RGB", np.uint16: "RGB;16"}[array.dtype.type]
    if array.shape[2] == 4:
        mode = mode.replace("RGB", "RGBA")
    buffer = io.BytesIO()
    size = array.shape[1::-1]
    pillow_heif.from_bytes(mode, size, array.tobytes()).save(buffer, quality=-1, chroma=444)
    return buffer.getvalue()


def pgm(array):
    return (
        b"P5 %d %d %d\n" % (*array.shape[::-1], np.iinfo(array.dtype).max)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


JP2_LOSSLESS = (cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000)
PALETTE = Image.fromarray(RGB8).quantize(16)
PALETTE_RGB = np.asarray(PALETTE.convert("RGB"))

# name: (bytes, kind, the pixels they hold, how far off a lossy kind may be in 8-bit levels)
FILES = {
    "JPEG": (pillow(RGB8, "JPEG", quality=98, subsampling=0), "JPEG", RGB8, 3),
    "JPEG progressive": (pillow(RGB8, "JPEG", progressive=True, quality=98), "JPEG", RGB8, 4),
    "JPEG grey": (pillow(GREY8, "JPEG", quality=98), "JPEG", GREY8, 2),
    "JPEG CMYK, inverted by Adobe": (pillow(RGB8, "JPEG", "CMYK", quality=98), "JPEG", RGB8, 3),
    "PNG grey": (pillow(GREY8, "PNG"), "PNG", GREY8, 0),
    "PNG 1 bit": (pillow(BITS, "PNG", "1"), "PNG", BITS, 0),
    "PNG 2 bits": (
        encoded(Image.fromarray(RGB8).quantize(4), bits=2),
        "PNG",
        np.asarray(Image.fromarray(RGB8).quantize(4).convert("RGB")),
        0,
    ),
    "PNG 4 bits": (encoded(PALETTE, bits=4), "PNG", PALETTE_RGB, 0),
    "PNG palette": (encoded(PALETTE), "PNG", PALETTE_RGB, 0),
    "PNG RGB": (pillow(RGB8, "PNG"), "PNG", RGB8, 0),
    "PNG RGBA": (pillow(RGBA8, "PNG"), "PNG", RGBA8, 0),
    "PNG grey and alpha": (
        encoded(Image.merge("LA", [Image.fromarray(GREY8), Image.fromarray(ALPHA8)])),
        "PNG",
        np.dstack([GREY8, GREY8, GREY8, ALPHA8]),
        0,
    ),
    "PNG grey 16": (opencv(GREY16, ".png"), "PNG", GREY16, 0),
    "PNG RGB 16": (opencv(RGB16, ".png"), "PNG", RGB16, 0),
    "PNG RGBA 16": (opencv(RGBA16, ".png"), "PNG", RGBA16, 0),
    "TIFF": (tiff(RGB8), "TIFF", RGB8, 0),
    "TIFF grey": (tiff(GREY8), "TIFF", GREY8, 0),
    "TIFF 16": (tiff(RGB16), "TIFF", RGB16, 0),
    "TIFF 16, other byte order": (tiff(RGB16, byteorder=">"), "TIFF", RGB16, 0),
    "TIFF grey 16": (tiff(GREY16), "TIFF", GREY16, 0),
    "TIFF RGBA 16": (tiff(RGBA16), "TIFF", RGBA16, 0),
    "TIFF LZW": (pillow(RGB8, "TIFF", compression="tiff_lzw"), "TIFF", RGB8, 0),
    "TIFF deflate, predictor": (tiff(RGB16, compression="zlib", predictor=True), "TIFF", RGB16, 0),
    "TIFF packbits": (pillow(GREY8, "TIFF", compression="packbits"), "TIFF", GREY8, 0),
    "TIFF CCITT 3": (pillow(BITS, "TIFF", "1", compression="group3"), "TIFF", BITS, 0),
    "TIFF CCITT 4": (pillow(BITS, "TIFF", "1", compression="group4"), "TIFF", BITS, 0),
    "TIFF tiled": (tiff(RGB16, tile=(16, 16), compression="zlib"), "TIFF", RGB16, 0),
    "TIFF planes": (
        tiff(np.ascontiguousarray(RGB16.transpose(2, 0, 1)), planarconfig="separate"),
        "TIFF",
        RGB16,
        0,
    ),
    "TIFF white is 0": (tiff(~GREY16, photometric="miniswhite"), "TIFF", GREY16, 0),
    "TIFF palette": (encoded(PALETTE, "TIFF"), "TIFF", PALETTE_RGB, 0),
    "TIFF CMYK": (pillow(RGB8, "TIFF", "CMYK"), "TIFF", RGB8, 1),
    "TIFF JPEG": (pillow(RGB8, "TIFF", compression="jpeg", quality=98), "TIFF", RGB8, 4),
    "BigTIFF": (tiff(RGB16, bigtiff=True), "TIFF", RGB16, 0),
    "WebP": (pillow(RGB8, "WEBP", quality=98), "WEBP", RGB8, 8),
    "WebP lossless, alpha": (pillow(RGBA8, "WEBP", lossless=True, exact=True), "WEBP", RGBA8, 0),
    "AVIF": (pillow(RGB8, "AVIF", quality=98, subsampling="4:4:4", speed=9), "AVIF", RGB8, 3),
    "HEIC": (heic(RGB8), "HEIC", RGB8, 3),
    "HEIC RGBA": (heic(RGBA8), "HEIC", RGBA8, 3),
    "HEIC 10 bits": (heic(RGB16), "HEIC", RGB16, 1),
    "JPEG 2000": (opencv(RGB8, ".jp2", *JP2_LOSSLESS), "JPEG2000", RGB8, 0),
    "JPEG 2000 16": (opencv(RGB16, ".jp2", *JP2_LOSSLESS), "JPEG2000", RGB16, 0),
    "JPEG 2000 grey 16": (opencv(GREY16, ".jp2", *JP2_LOSSLESS), "JPEG2000", GREY16, 0),
    "BMP": (pillow(RGB8, "BMP"), "BMP", RGB8, 0),
    "BMP grey": (pillow(GREY8, "BMP"), "BMP", GREY8, 0),
    "PGM": (pgm(GREY8), "PNM", GREY8, 0),
    "PGM 16": (pgm(GREY16), "PNM", GREY16, 0),
    "GIF": (encoded(PALETTE, "GIF"), "GIF", PALETTE_RGB, 0),
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_is_read_as_it_is_and_gives_its_own_kind(name):
    data, kind, pixels, tolerance = FILES[name]
    photo = read(data)
    assert photo.kind == kind
    assert photo.rgb.dtype == pixels.dtype
    level = 257 if pixels.dtype == np.uint16 else 1
    has_alpha = pixels.ndim == 3 and pixels.shape[2] == 4
    assert (photo.alpha is not None) == has_alpha
    if has_alpha:
        difference = np.abs(photo.alpha.astype(int) - pixels[..., 3])
        assert difference.mean() <= tolerance * level
    assert np.abs(photo.rgb.astype(int) - as_rgb(pixels)).mean() <= tolerance * level

    again = read(encode_photo(photo))
    assert again.kind == FORMATS[kind].result
    assert (again.width, again.height) == (photo.width, photo.height)
    assert (again.alpha is not None) == (has_alpha and again.kind != "JPEG")
    if again.kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(again.rgb, photo.rgb)
        if has_alpha:
            np.testing.assert_array_equal(again.alpha, photo.alpha)
    if again.kind == "AVIF" and photo.rgb.dtype == np.uint16:
        assert again.rgb.dtype == np.uint16


@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("pixels", [RGB8, RGB16, RGBA8, RGBA16], ids=["8", "16", "8a", "16a"])
def test_every_kind_is_written(kind, pixels):
    photo = Photo(pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None)
    again = read(encode_photo(photo, kind))
    assert again.kind == kind
    wide = pixels.dtype == np.uint16 and kind in ("PNG", "TIFF", "AVIF")
    assert again.rgb.dtype == (np.uint16 if wide else np.uint8)
    assert (again.alpha is not None) == (photo.alpha is not None and kind != "JPEG")
    assert is_srgb(again.icc_profile)
    assert again.icc_profile is not None
    if photo.alpha is None:
        scale = 65535 if wide else 255
        difference = again.rgb / scale - photo.rgb / np.iinfo(pixels.dtype).max
        assert np.abs(difference).mean() * 255 <= {"WEBP": 8, "AVIF": 4}.get(kind, 2)


def test_interlaced_png():
    # Pillow and OpenCV write none: Adam7 by hand, each pass filtered by nothing.

    raw = b""
    for y, x, dy, dx in (
        *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)),
        *((2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)),
    ):
        raw += b"".join(b"\0" + row.tobytes() for row in GREY8[y::dy, x::dx])
    header = struct.pack(">IIBBBBB", 61, 40, 8, 0, 0, 0, 1)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks
    )
    np.testing.assert_array_equal(read(data).rgb, as_rgb(GREY8))


def test_ycck_jpeg():
    """An Adobe marker with transform 2 says YCCK: as libjpeg writes it from CMYK, by hand."""
    ycck = Image.fromarray(RGB8).convert("YCbCr")
    no_ink = Image.new("L", ycck.size, 0)
    data = encoded(Image.merge("CMYK", [*ycck.split(), no_ink]), "JPEG", quality=98)
    # Pillow has inverted what it calls CMYK: inverted back, Y, Cb, Cr and a K without ink remain.
    adobe = data.index(b"Adobe")
    data = data[: adobe + 11] + b"\x02" + data[adobe + 12 :]
    photo = read(data)
    grey = photo.rgb.astype(int) @ [0.299, 0.587, 0.114]
    assert photo.rgb.shape == RGB8.shape
    assert np.corrcoef(grey.ravel(), (RGB8 @ [0.299, 0.587, 0.114]).ravel())[0, 1] ** 2 > 0.9


@pytest.mark.parametrize("dtype", [np.float32, np.uint32])
def test_pixels_that_are_not_coloured_are_refused_clearly(dtype):
    with pytest.raises(NotAPictureError, match="8 or 16 bits"):
        read(tiff(GREY16.astype(dtype)))


def test_of_several_pages_the_first_is_read():
    first, second = Image.fromarray(RGB8), Image.new("RGB", (10, 10))
    for kind in ("TIFF", "GIF", "WEBP"):
        data = encoded(first, kind, save_all=True, append_images=[second.resize(first.size)])
        photo = read(data)
        assert photo.pages == 2
        assert np.abs(photo.rgb.astype(int) - RGB8).mean() < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_kind_is_turned_upright(kind, orientation):
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = Image.fromarray(RGB8)
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if kind == "WEBP" else {}
    photo = read(encoded(stored, kind, exif=exif, **lossless))
    assert photo.rgb.shape == RGB8.shape
    assert np.abs(photo.rgb.astype(int) - RGB8).mean() <= (8 if kind == "JPEG" else 0)
    again = encode_photo(photo)
    assert np.abs(read(again).rgb.astype(int) - RGB8).mean() <= (
        8 if kind in ("JPEG", "WEBP") else 0
    )
    assert Image.open(io.BytesIO(again)).getexif()[0x0112] == 1


def profile(space, curve=1.8, primaries=None):
    """Make a profile that is not sRGB."""
    if space == "grey":
        tags = {b"wtpt": b"XYZ " + bytes(4) + bytes.fromhex("0000f6d6000100000000d32d")}
        tags[b"kTRC"] = (
            b"curv" + bytes(4) + (1).to_bytes(4, "big") + int(curve * 256).to_bytes(2, "big")
        )
        index, body = b"", b""
        for tag, value in tags.items():
            place = 132 + 12 * len(tags) + len(body)
            index += tag + place.to_bytes(4, "big") + len(value).to_bytes(4, "big")
            body += value + bytes(-len(value) % 4)
        size = 132 + len(index) + len(body)
        head = size.to_bytes(4, "big") + bytes(4) + bytes.fromhex("02400000") + b"mntrGRAYXYZ "
        head += bytes(12) + b"acsp" + bytes(28) + tags[b"wtpt"][8:] + bytes(48)
        return head + len(tags).to_bytes(4, "big") + index + body
    import pyvips

    return bytes(pyvips.Operation.call("profile_load", {"wide": "p3", "cmyk": "cmyk"}[space]))


def test_an_rgb_profile_is_kept_with_its_pixels():
    wide = profile("wide")
    photo = read(pillow(RGB8, "PNG", icc_profile=wide))
    assert photo.icc_profile == wide
    for kind in WRITABLE:
        assert read(encode_photo(photo, kind)).icc_profile == wide
    np.testing.assert_array_equal(read(encode_photo(photo)).rgb, RGB8)


def test_a_grey_profile_becomes_an_rgb_profile_with_the_same_look():
    photo = read(pillow(GREY8, "TIFF", icc_profile=profile("grey")))
    np.testing.assert_array_equal(photo.rgb, as_rgb(GREY8))  # every value stays
    ramp = np.repeat(np.linspace(0, 65535, 50).astype(np.uint16)[None, :, None], 3, 2)
    ours = convert(ramp, photo.icc_profile, to_srgb=True)[0, :, 0] / 65535
    linear = (np.linspace(0, 1, 50)) ** 1.8
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(ours, srgb, atol=0.01)


def test_cmyk_with_a_profile_becomes_srgb():
    inks = Image.fromarray(RGB8).convert("CMYK")
    inks_profile = profile("cmyk")
    photo = read(encoded(inks, "TIFF", icc_profile=inks_profile))
    to_srgb = ImageCms.profileToProfile(
        inks,
        io.BytesIO(inks_profile),
        io.BytesIO(srgb_profile()),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    assert np.abs(photo.rgb.astype(int) - np.asarray(to_srgb)).mean() < 2
    assert np.abs(photo.rgb.astype(int) - RGB8).mean() > 5
    assert photo.icc_profile is None


@pytest.mark.parametrize("damaged", [b"", b"no profile", srgb_profile()[:200], bytes(500)])
def test_a_damaged_profile_counts_as_none(damaged):
    assert read(pillow(RGB8, "PNG", icc_profile=damaged)).icc_profile is None


SMALL = {name: row[0] for name, row in FILES.items() if len(row[0]) < 40_000}


@pytest.mark.parametrize("name", SMALL)
def test_a_broken_file_gives_an_error_or_a_picture(name):
    good = SMALL[name]
    random = np.random.default_rng(len(good))
    broken = [good[:length] for length in np.linspace(1, len(good) - 1, 12).astype(int)]
    for flips in (1, 1, 4, 16):
        for span in (min(200, len(good)), len(good)):  # headers are hit as often as pixels
            bad = bytearray(good)
            for place in random.integers(0, span, flips):
                bad[place] = random.integers(256)
            broken.append(bytes(bad))
    for data in broken:
        try:
            photo = read_photo(io.BytesIO(data), max_megapixels=1)
        except (BrokenPictureError, NotAPictureError, TooLargeError):
            continue
        encode_photo(photo, "PNG")


def test_a_picture_too_long_for_a_format_is_refused_clearly():
    with pytest.raises(ColorizerError, match="16383"):
        encode_photo(Photo(np.zeros((2, 17000, 3), np.uint8)), "WEBP")


def test_the_kind_is_told_by_the_bytes():
    for data, kind, *_ in FILES.values():
        assert find_kind(data[:64]) == kind
    for data in (b"", b"P5", b"PK\x03\x04", b"\0\0\0\x18ftypisom\0\0\0\0mp41", b"RIFF    WAVE"):
        assert find_kind(data) is None


def test_jpeg_2000_with_a_profile_and_words_and_a_lie_about_its_size():
    stream = FILES["JPEG 2000"][0]
    stream = stream[stream.index(b"\xff\x4f\xff\x51") :]

    def box(name, body):
        return (len(body) + 8).to_bytes(4, "big") + name + body

    wide = profile("wide")
    header = box(b"ihdr", struct.pack(">IIHBBBB", 40, 61, 3, 7, 7, 0, 0))
    header += box(b"colr", b"\x02\0\0" + wide)
    data = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2h", header)
    data += box(b"uuid", b"JpgTiffExif->JP2" + Tags().to_bytes()) + box(b"jp2c", stream)
    photo = read(data)
    np.testing.assert_array_equal(photo.rgb, RGB8)
    assert photo.icc_profile == wide
    assert photo.exif == Tags().to_bytes()
    # The decoder believes the codestream, so the limit must too.
    with pytest.raises(TooLargeError):
        read(data.replace(b"\xff\x51\0\x2f\0\0\0\0\0\x3d", b"\xff\x51\0\x2f\0\0\xff\xff\0\x3d"))


def test_what_cannot_be_written_is_an_error_of_the_system(tmp_path):
    for kind in WRITABLE:
        with pytest.raises(OSError, match="absent"):
            write_photo(Photo(RGB8), tmp_path / "absent" / "photo", kind)


def test_short_memory_while_decoding_is_said(monkeypatch):
    def short(*_):
        raise MemoryError

    monkeypatch.setattr("colorizer.pictures.photo.split_planes", short)
    with pytest.raises(MemoryShortError):
        read(FILES["PNG RGB"][0])
