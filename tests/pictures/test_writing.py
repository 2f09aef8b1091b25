"""Photos are written in every kind of file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from support.formats import RGB8, RGB16, RGBA8, RGBA16, exif_bytes, profile
from support.metadata import exiftool, needs_exiftool, result
from support.pictures import decode_photo, decoded, encode_photo, encoded, scene

from colorizer.errors import TooLargeError
from colorizer.pictures.exif import EXIF_IFD, read_tags
from colorizer.pictures.formats import WRITABLE
from colorizer.pictures.photo import About, Photo
from colorizer.pictures.profiles import convert, is_srgb
from colorizer.pictures.writing import preview_photo, write_photo


@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("pixels", [RGB8, RGB16, RGBA8, RGBA16], ids=["8", "16", "8a", "16a"])
def test_every_kind_is_written(kind, pixels):
    photo = Photo(pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None)
    again = decode_photo(encode_photo(photo, kind))
    assert again.kind == kind
    wide = pixels.dtype == np.uint16 and kind in ("PNG", "TIFF", "AVIF")
    assert again.rgb.dtype == (np.uint16 if wide else np.uint8)
    assert (again.alpha is not None) == (photo.alpha is not None and kind != "JPEG")
    assert is_srgb(again.about.icc_profile)
    assert again.about.icc_profile is not None
    if photo.alpha is None:
        scale = 65535 if wide else 255
        difference = again.rgb / scale - photo.rgb / np.iinfo(pixels.dtype).max
        assert np.abs(difference).mean() * 255 <= {"WEBP": 8, "AVIF": 4}.get(kind, 2)


def test_writing_keeps_the_pixels_of_a_png():
    rgb = np.asarray(scene(colour=True))
    np.testing.assert_array_equal(decoded(encode_photo(Photo(rgb))), rgb)


def test_transparency_resolution_and_format_on_the_way_out():
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    photo = decode_photo(encoded(image, dpi=(300, 300)))
    out = Image.open(io.BytesIO(encode_photo(photo)))
    assert out.mode == "RGBA"
    assert out.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    np.testing.assert_array_equal(np.asarray(out), np.asarray(image))
    flat = Image.open(io.BytesIO(encode_photo(photo, "JPEG")))
    assert (flat.format, flat.mode) == ("JPEG", "RGB")
    assert flat.getpixel((48, 0)) == pytest.approx((255, 255, 255), abs=3)  # transparent: white


def test_a_picture_too_long_for_a_format_is_refused_clearly():
    with pytest.raises(TooLargeError, match="16383"):
        encode_photo(Photo(np.zeros((2, 17000, 3), np.uint8)), "WEBP")


def test_what_cannot_be_written_is_an_error_of_the_system(tmp_path):
    for kind in WRITABLE:
        with pytest.raises(OSError, match="absent"):
            write_photo(Photo(RGB8), tmp_path / "absent" / "photo", kind)


def test_a_preview_is_small_and_in_srgb():
    grey = np.full((60, 90, 3), 30_000, np.uint16)
    grey[..., 2] = 20_000
    photo = Photo(grey, grey[..., 0], about=About(icc_profile=profile("wide")))
    preview = Image.open(io.BytesIO(preview_photo(photo, 45)))
    assert (preview.format, preview.mode, preview.size) == ("WEBP", "RGBA", (45, 30))
    srgb = convert(grey[:1, :1], profile("wide"), to_srgb=True)[0, 0] / 257
    assert np.abs(np.asarray(preview)[15, 20, :3] - srgb).max() < 4
    assert Image.open(io.BytesIO(preview_photo(photo, 99))).size == (90, 60)


@needs_exiftool
@pytest.mark.parametrize("kind", WRITABLE)
def test_a_resolution_stays_and_none_is_made_up(kind, tmp_path):
    told = exiftool(result(kind, dpi=(300, 300)), kind, tmp_path)
    assert (told["IFD0:XResolution"], told["IFD0:YResolution"]) == (300, 300)
    assert told["IFD0:ResolutionUnit"] == 2
    if kind == "JPEG":
        assert (told["JFIF:XResolution"], told["JFIF:ResolutionUnit"]) == (300, 1)
    if kind == "PNG":
        assert (told["PNG-pHYs:PixelsPerUnitX"], told["PNG-pHYs:PixelUnits"]) == (11811, 1)
    told = exiftool(result(kind, dpi=(600, 299.72)), kind, tmp_path)
    assert (told["IFD0:XResolution"], told["IFD0:YResolution"]) == (600, 299.72)
    for none in (None, (0.001, 0.001), (1e9, 300)):
        told = exiftool(result(kind, dpi=none), kind, tmp_path)
        stated = {name: value for name, value in told.items() if "Resolution" in name}
        units = [value for name, value in stated.items() if "Unit" in name]
        right = {"JPEG": (3, [0]), "TIFF": (3, [1])}  # where something must be stated: no unit
        assert (len(stated), units) == right.get(kind, (0, []))
        assert not [name for name in told if "pHYs" in name]
        if kind != "JPEG":  # for which Pillow makes up 72
            assert Image.open(io.BytesIO(result(kind, dpi=none))).info.get("dpi") is None


@needs_exiftool
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exiftool_finds_nothing_missing_or_wrong(kind, tmp_path):
    told = exiftool(result(kind, dpi=(300, 300)), kind, tmp_path, "-validate", "-warning")
    assert told["ExifTool:Validate"] == "0 0 0"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_an_encoder_writes_in_pieces_is_whole(kind, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    photo = Photo(pixels, about=About(texts=(("Comment", "word"),)))
    write_photo(photo, tmp_path / "photo", kind)
    data = encode_photo(photo, kind)
    assert (tmp_path / "photo").read_bytes() == data
    assert Image.open(io.BytesIO(data)).size == (900, 700)
    assert decode_photo(data).about.texts == (("Comment", "word"),)
    if kind == "PNG":
        np.testing.assert_array_equal(decode_photo(data).rgb, pixels)


@pytest.mark.parametrize("kind", WRITABLE)
def test_a_full_disk_is_an_error_of_the_system(kind):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_photo(Photo(RGB8), Full(), kind)


@pytest.mark.parametrize("kind", WRITABLE)
def test_exif_is_ours_alone(kind):
    exif = decode_photo(result(kind, exif=exif_bytes(">"))).about.exif
    assert exif.startswith(b"MM" if kind != "TIFF" else b"II")
    had = set(read_tags(io.BytesIO(exif_bytes())).inner[EXIF_IFD])
    own = set(read_tags(io.BytesIO(exif)).inner[EXIF_IFD])
    more = {0x9000, 0xA000, 0xA001}  # versions, colour space
    more |= {"JPEG": {0x9101, 0xA002, 0xA003}, "TIFF": set()}.get(kind, {0xA002, 0xA003})
    assert own == had | more
