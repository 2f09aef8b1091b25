from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from support.pictures import decoded, encoded, scene

from colorizer.coloring.chroma import replace_chroma
from colorizer.errors import BrokenPictureError, NotAPictureError, TooLargeError
from colorizer.pictures.photo import Photo, check_photo, encode_photo, read_photo

ORIENTATION, CAMERA, GPS = 0x0112, 0x0110, 0x8825


def read(data):
    return read_photo(io.BytesIO(data))


MODES = {
    "JPEG": {"L": 4, "RGB": 4, "CMYK": 4},
    "PNG": {"L": 0, "RGB": 0, "LA": 0, "RGBA": 0, "P": 3},
}


@pytest.mark.parametrize(("kind", "mode"), [(k, m) for k, modes in MODES.items() for m in modes])
def test_every_mode_becomes_rgb(kind, mode):
    image = scene().quantize(64) if mode == "P" else scene().convert(mode)
    photo = read(encoded(image, kind))
    assert photo.rgb.shape == (64, 96, 3)
    assert photo.kind == kind
    assert (photo.alpha is not None) == (mode in ("LA", "RGBA"))
    assert np.abs(photo.rgb.astype(int) - np.asarray(scene())).mean() <= MODES[kind][mode]


def test_sixteen_bits_are_scaled_not_clipped():
    ramp = np.linspace(0, 65535, 64 * 64, dtype=np.uint16).reshape(64, 64)
    photo = read(encoded(Image.fromarray(ramp)))
    np.testing.assert_array_equal(photo.rgb[..., 1], ramp)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright_and_says_so(orientation):
    upright = scene(40, 24)
    # How a camera that writes each orientation has stored the picture: Pillow's turns by number.
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = orientation, "Box Brownie"
    exif.get_ifd(GPS)[1] = "N"
    photo = read(encoded(stored, "PNG", exif=exif))
    np.testing.assert_array_equal(photo.rgb, np.asarray(upright))
    kept = Image.open(io.BytesIO(encode_photo(photo))).getexif()
    assert kept[CAMERA] == "Box Brownie"
    assert kept[ORIENTATION] == 1
    assert GPS not in kept


def test_transparency_resolution_and_format_on_the_way_out():
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    photo = read(encoded(image, dpi=(300, 300)))
    out = Image.open(io.BytesIO(encode_photo(photo)))
    assert out.mode == "RGBA"
    assert out.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    np.testing.assert_array_equal(np.asarray(out), np.asarray(image))
    flat = Image.open(io.BytesIO(encode_photo(photo, "JPEG")))
    assert (flat.format, flat.mode) == ("JPEG", "RGB")
    assert flat.getpixel((48, 0)) == pytest.approx((255, 255, 255), abs=3)  # transparent: white


def bomb(width, height):
    """Make a PNG of few bytes that claims to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotAPictureError),
        (b"Dear grandmother,", NotAPictureError),
        (b"GIF89a" + bytes(99), BrokenPictureError),
        (b"%!PS-Adobe-3.0 EPSF-3.0", NotAPictureError),
        (bomb(40_000, 40_000), TooLargeError),
        (b"\xff\xd8\xff\xe0", BrokenPictureError),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), BrokenPictureError),
    ],
)
def test_a_bad_file_is_refused_before_it_is_decoded(data, error):
    with pytest.raises(error):
        check_photo(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_cut_off_anywhere_is_refused(kind):
    data = encoded(scene(200, 150), kind)
    for length in range(12, len(data) * 99 // 100, len(data) // 40):
        with pytest.raises((BrokenPictureError, NotAPictureError)):
            read(data[:length])


def test_flipped_bytes_give_a_picture_or_an_error_never_a_crash():
    random = np.random.default_rng(0)
    for kind in ("JPEG", "PNG"):
        good = np.frombuffer(encoded(scene(), kind), np.uint8)
        for _ in range(100):
            bad = good.copy()
            bad[random.integers(0, len(bad), 4)] = random.integers(0, 256, 4)
            try:
                read(bad.tobytes())
            except (BrokenPictureError, NotAPictureError, TooLargeError):
                pass


def test_grey_chroma_takes_all_colour_away_and_strength_is_how_far():
    rgb = np.asarray(scene(300, 200, colour=True))
    grey = np.zeros((112, 112, 2), np.float32)
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    without = replace_chroma(rgb, grey, 1)
    assert np.abs(without - luma[..., None]).max() < 1
    half = replace_chroma(rgb, grey, 0.5)
    assert np.abs(half - (rgb / 2 + luma[..., None] / 2)).max() < 1
    np.testing.assert_array_equal(replace_chroma(rgb, grey, 0), rgb)


def test_merging_in_strips_leaves_no_seams(monkeypatch):
    rgb = np.asarray(scene(200, 300, seed=5))
    chroma = np.random.default_rng(0).uniform(-0.2, 0.2, (112, 112, 2)).astype(np.float32)
    whole = replace_chroma(rgb, chroma, 1)
    monkeypatch.setattr("colorizer.coloring.chroma.STRIP_PIXELS", 7 * 200)
    strips = replace_chroma(rgb, chroma, 1).astype(int)
    assert np.abs(strips - whole).max() <= 1


def test_writing_keeps_the_pixels_of_a_png():
    rgb = np.asarray(scene(colour=True))
    np.testing.assert_array_equal(decoded(encode_photo(Photo(rgb))), rgb)
