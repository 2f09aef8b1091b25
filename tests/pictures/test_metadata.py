"""What a result says of itself, as exiftool reads it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from support.formats import exif_bytes
from support.metadata import GENERATOR, exiftool, needs_exiftool
from support.pictures import decode_photo, encode_photo, encoded, scene

from colorizer.pictures.exif import read_tags
from colorizer.pictures.formats import WRITABLE
from colorizer.pictures.iptc import wrap_datasets
from colorizer.pictures.metadata import SOURCE_TYPE

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/print"
    exif:GPSLatitude="37,34.0N" tiff:Orientation="6" photoshop:City="서울">
   <dc:description><rdf:Alt>
    <rdf:li xml:lang="x-default">할머니, 1938</rdf:li></rdf:Alt></dc:description>
   <exif:GPSLongitude>126,58.0E</exif:GPSLongitude>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta><?xpacket end="w"?>""".encode()
CAPTION = "Großmutter vor dem Haus".encode()
IPTC = b"".join(
    b"\x1c" + bytes([record, number]) + len(value).to_bytes(2, "big") + value
    for record, number, value in (
        (1, 90, b"\x1b%G"),
        (2, 25, b"family"),
        (2, 25, b"house"),
        (2, 80, b"Otto"),
        (2, 120, CAPTION),
    )
)


def source(kind, order="<"):
    """Make a file with everything a catalogue knows."""
    image = scene(60, 40)
    if kind == "JPEG":
        segment = b"Photoshop 3.0\0" + wrap_datasets(IPTC)
        data = encoded(image, kind, exif=b"Exif\0\0" + exif_bytes(order), xmp=XMP, dpi=(600, 600))
        app13 = b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment
        return data[:2] + app13 + data[2:]
    if kind == "TIFF":
        from colorizer.pictures.exif import add_to_tiff

        buffer = io.BytesIO()
        pixels = np.asarray(image).astype(np.uint16) * 257
        tifffile.imwrite(
            buffer,
            pixels,
            photometric="rgb",
            byteorder=order,
            resolution=(600, 600),
            resolutionunit="INCH",
            metadata=None,
            description=None,
        )
        tags = read_tags(io.BytesIO(exif_bytes(order)))
        add_to_tiff(buffer, tags, {0x83BB: IPTC, 0x02BC: XMP})
        return buffer.getvalue()
    options = {"exif": b"Exif\0\0" + exif_bytes(order), "xmp": XMP}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"exif": options["exif"], "pnginfo": info, "dpi": (600, 600)}
    return encoded(image, kind, **options)


@needs_exiftool
@pytest.mark.parametrize("target", WRITABLE)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_a_result_says_what_its_photo_said_and_that_its_colour_is_a_guess(kind, target, tmp_path):
    photo = replace(decode_photo(source(kind)), generator=GENERATOR)
    told = exiftool(encode_photo(photo, target), target, tmp_path)
    assert told["XMP-iptcExt:DigitalSourceType"] == SOURCE_TYPE
    assert GENERATOR in told["XMP-iptcExt:AISystemUsed"]
    assert told["IFD0:Software"].startswith("Colorizer ")
    assert GENERATOR in told["IFD0:Software"]
    assert told["IFD0:Orientation"] == 1
    if kind != "AVIF":  # where Pillow has made ASCII of it for this test
        assert told["IFD0:ImageDescription"] == "할머니"
    assert (told["IFD0:Make"], told["IFD0:Model"]) == ("Kodak", "Brownie")
    assert told["IFD0:Artist"] == "Otto"
    assert told["ExifIFD:DateTimeOriginal"] == "1938:05:01 12:00:00"
    assert told["ExifIFD:LensModel"] == "Tessar"
    assert told["ExifIFD:ExposureTime"] == 0.02
    assert told["XMP-dc:Description"] == "할머니, 1938"
    assert told["XMP-photoshop:City"] == "서울"
    assert told["ICC-header:ColorSpaceData"].strip() == "RGB"
    assert not [name for name in told if "GPS" in name]
    assert "XMP-tiff:Orientation" not in told
    warnings = [str(value) for name, value in told.items() if "Warning" in name]
    assert all(warning.startswith("[minor]") for warning in warnings)
    if kind in ("JPEG", "PNG", "TIFF"):
        assert told["IFD0:XResolution"] == pytest.approx(600, abs=0.1)
        assert told["IFD0:ResolutionUnit"] == 2
    if kind in ("JPEG", "TIFF"):
        group = "IPTC:" if target in ("JPEG", "TIFF") else "XMP-dc:"
        if group == "IPTC:":
            assert told["IPTC:Caption-Abstract"].encode() == CAPTION
            assert told["IPTC:By-line"] == "Otto"
        else:
            assert told["XMP-dc:Creator"] == "Otto"
            assert told["XMP-dc:Subject"] == ["family", "house"]


@needs_exiftool
@pytest.mark.parametrize("target", WRITABLE)
@pytest.mark.parametrize(("kind", "order"), [("JPEG", ">"), ("TIFF", "<"), ("TIFF", ">")])
def test_the_place_stays_if_that_is_asked(kind, order, target, tmp_path):
    photo = decode_photo(source(kind, order))
    told = exiftool(encode_photo(photo, target, keep_gps=True), target, tmp_path)
    assert told["GPS:GPSLatitude"] == pytest.approx(37 + 34 / 60)
    assert told["XMP-exif:GPSLongitude"] == pytest.approx(126 + 58 / 60)
    assert told["IFD0:Make"] == "Kodak"
    # Nothing coloured it, so nothing says so.
    assert told["XMP-iptcExt:DigitalSourceType"].endswith("/print")
    assert told["IFD0:Software"] == "Scan 1"


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG"])
def test_damaged_metadata_is_no_reason_to_refuse_a_picture(kind):
    random = np.random.default_rng(0)
    photo = decode_photo(source("JPEG"))
    for name in ("exif", "xmp", "iptc"):
        good = getattr(photo.about, name)
        for _ in range(40):
            bad = bytearray(good)
            for place in random.integers(0, len(bad), 6):
                bad[place] = random.integers(256)
            bad = bad[: random.integers(1, len(bad))] if random.integers(2) else bad
            about = replace(photo.about, **{name: bytes(bad)})
            data = encode_photo(replace(photo, about=about, generator=GENERATOR), kind)
            assert decode_photo(data).width == 40
