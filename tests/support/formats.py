"""Files of every kind, in every depth and colour space, written by other programs' libraries."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pillow_heif
import pyvips
import tifffile
from PIL import Image
from support.pictures import encoded, scene

from colorizer.pictures.exif import EXIF_IFD, GPS_IFD, Tag, Tags

RGB8 = np.asarray(scene(61, 40, colour=True))
GREY8 = np.ascontiguousarray(RGB8[..., 1])
RGB16 = RGB8.astype(np.uint16) * 257 + np.random.default_rng(0).integers(
    -99, 99, RGB8.shape
).astype(np.uint16)
GREY16 = np.ascontiguousarray(RGB16[..., 1])
ALPHA8 = np.ascontiguousarray(RGB8[::-1, ..., 0])
RGBA8, RGBA16 = (np.dstack([a, b]) for a, b in ((RGB8, ALPHA8), (RGB16, RGB16[::-1, ..., 0])))
BITS = (GREY8 > 128).astype(np.uint8) * 255


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
    "JPEG 2000 grey and alpha": (
        encoded(Image.merge("LA", [Image.fromarray(GREY8), Image.fromarray(ALPHA8)]), "JPEG2000"),
        "JPEG2000",
        np.dstack([GREY8, GREY8, GREY8, ALPHA8]),
        0,
    ),
    "BMP": (pillow(RGB8, "BMP"), "BMP", RGB8, 0),
    "BMP grey": (pillow(GREY8, "BMP"), "BMP", GREY8, 0),
    "PGM": (pgm(GREY8), "PNM", GREY8, 0),
    "PGM 16": (pgm(GREY16), "PNM", GREY16, 0),
    "GIF": (encoded(PALETTE, "GIF"), "GIF", PALETTE_RGB, 0),
}


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
    return bytes(pyvips.Operation.call("profile_load", {"wide": "p3", "cmyk": "cmyk"}[space]))


def exif_bytes(order="<"):
    """Make EXIF of what a camera and its owner say."""

    def text(value):
        data = value.encode() + b"\0"
        return Tag(2, len(data), data)

    tags = Tags(order)
    tags.main = {0x010E: text("할머니"), 0x010F: text("Kodak"), 0x0110: text("Brownie")}
    tags.main |= {0x013B: text("Otto"), 0x0132: text("2004:05:06 07:08:09"), 0x0131: text("Scan 1")}
    tags.set_number(0x0112, 6)
    tags.inner[EXIF_IFD] = {
        0x9003: text("1938:05:01 12:00:00"),
        0xA434: text("Tessar"),
        0x829A: Tag(5, 1, struct.pack(order + "II", 1, 50)),
    }
    place = b"".join(struct.pack(order + "II", n, 1) for n in (37, 34, 0))
    tags.inner[GPS_IFD] = {1: Tag(2, 2, b"N\0"), 2: Tag(5, 3, place)}
    return tags.to_bytes()
