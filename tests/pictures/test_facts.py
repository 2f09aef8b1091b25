"""A result doesn't repeat what is untrue of it, nor where the photo was taken."""

from __future__ import annotations

import io
import struct

import pytest
from support.formats import exif_bytes, profile
from support.metadata import (
    colored,
    dataset,
    exiftool,
    jpeg,
    needs_exiftool,
    packet,
    png,
    resource,
    result,
)
from support.pictures import decode_photo, encode_photo, encoded, scene

from colorizer.pictures.exif import EXIF_IFD, GPS_IFD, INTEROP_IFD, Tag, read_tags
from colorizer.pictures.facts import is_place, is_stale_property, tells_place
from colorizer.pictures.formats import WRITABLE
from colorizer.pictures.iptc import read_datasets

SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpGImg": "http://ns.adobe.com/xap/1.0/g/img/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "HDRGainMap": "http://ns.apple.com/HDRGainMap/1.0/",
    "apdi": "http://ns.apple.com/pixeldatainfo/1.0/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "GImage": "http://ns.google.com/photos/1.0/image/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "Device": "http://ns.google.com/photos/dd/1.0/device/",
    "OpCamera": "http://ns.oplus.com/photos/1.0/camera/",
    "other": "urn:other",
    "drone-dji": "http://www.dji.com/drone-dji/1.0/",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
}
NAMES = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())

STALE = """tiff:ImageWidth tiff:ImageLength tiff:BitsPerSample tiff:PhotometricInterpretation
    tiff:SamplesPerPixel tiff:Orientation tiff:XResolution tiff:Compression tiff:NativeDigest
    exif:PixelXDimension exif:PixelYDimension exif:ColorSpace exif:NativeDigest
    photoshop:ColorMode photoshop:ICCProfile photoshop:LegacyIPTCDigest xmp:Thumbnails dc:format
    xmpNote:HasExtendedXMP xmpGImg:image crs:ConvertToGrayscale crs:HasCrop hdrgm:Version
    HDRGainMap:HDRGainMapVersion apdi:AuxiliaryImageType GCamera:MotionPhoto
    GCamera:MicroVideoOffset Container:Directory Item:Semantic GDepth:Data GImage:Data
    Device:Container OpCamera:MotionPhotoOwner other:MotionPhotoVersion""".split()
TRUE = """tiff:Make tiff:Artist exif:DateTimeOriginal exif:ExposureTime photoshop:City
    photoshop:History xmp:Rating xmp:CreatorTool xmpMM:DocumentID lr:hierarchicalSubject dc:source
    GPano:FullPanoWidthPixels other:City Iptc4xmpExt:LocationCreated""".split()
PLACES = """exif:GPSLatitude exif:GPSVersionID drone-dji:GpsLatitude drone-dji:GpsLongtitude
    drone-dji:AbsoluteAltitude geo:lat geo:long geo:alt georss:point other:gps_position
    other:latitude other:Long other:GeoTag other:LatLon other:GPSCoordinates
    other:LocationISO6709""".split()
VALUES = {
    "other:Location": "37.5667, 126.978",
    "other:Position": "37°34'0\"N 126°58'41\"E",
    "other:Quick": "+37.5667+126.9780/",
    "other:Where": "+37.5667+126.9780+012.5CRSWGS_84/",
    "other:Link": "geo:37.5667,126.9780",
}
NO_PLACES = {
    "other:Location": "Pier 1, Busan",
    "other:Place": "48",
    "other:Phone": "+82-51-1234567",
    "other:Note": "1938, 37.5 francs",
    "other:Geometry": "3",
    "other:Alternative": "1",
}


def split(name):
    prefix, local = name.split(":")
    return SPACES[prefix], local


def forms(names, value="7"):
    """Write properties as attributes, as elements, in a structure, and as elements with parts."""
    values = names if isinstance(names, dict) else dict.fromkeys(names, value)
    quoted = {k: v.replace('"', "&quot;") for k, v in values.items()}
    attributes = " ".join(f'{name}="{text}"' for name, text in quoted.items())
    elements = "".join(f"<{name}>{text}</{name}>" for name, text in quoted.items())
    bags = "".join(f"<{n}><rdf:Bag><rdf:li>{t}</rdf:li></rdf:Bag></{n}>" for n, t in quoted.items())
    nested = f"<other:struct rdf:parseType='Resource'>{elements}</other:struct>"
    return [
        packet(f"{NAMES} {attributes}"),
        packet(NAMES, elements),
        packet(NAMES, nested),
        packet(NAMES, bags),
        packet(NAMES, f"<other:struct><rdf:Description {attributes}/></other:struct>"),
    ]


@pytest.mark.parametrize("form", range(5))
def test_untrue_properties_go_and_true_ones_stay_however_they_are_written(form):
    left = decode_photo(result(xmp=forms(STALE + TRUE)[form])).about.xmp.decode()
    assert [name for name in STALE if name in left] == []
    assert [name for name in TRUE if name not in left] == []


@pytest.mark.parametrize("form", range(5))
def test_places_go_in_any_vocabulary_unless_they_are_asked_for(form):
    for keep, generator in ((False, None), (False, "DeOldify"), (True, None)):
        for names in (PLACES, VALUES if form not in (3,) else {}):
            data = result(xmp=forms(names)[form], keep_gps=keep, generator=generator)
            left = decode_photo(data).about.xmp.decode()
            assert [name for name in names if (name in left) != keep] == []
    left = decode_photo(result(xmp=forms(NO_PLACES | dict.fromkeys(TRUE, "x"))[form])).about.xmp
    assert [name for name in [*NO_PLACES, *TRUE] if name not in left.decode()] == []


def test_a_town_stays_where_its_coordinates_go():
    inner = """<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource">
        <Iptc4xmpExt:City>Busan</Iptc4xmpExt:City><exif:GPSLatitude>35,6N</exif:GPSLatitude>
        </rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>"""
    left = decode_photo(result(xmp=packet(NAMES, inner))).about.xmp
    assert b"Busan" in left
    assert b"35,6N" not in left


@needs_exiftool
@pytest.mark.parametrize("kind", WRITABLE)
def test_keywords_that_are_coordinates_go(kind, tmp_path):
    words = ["family", "geo:lat=35.1", "geo:lon=129.04", "geotagged"]
    items = "".join(f"<rdf:li>{word}</rdf:li>" for word in words)
    xmp = packet(NAMES, f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>")
    iptc = b"".join(dataset(2, 25, word) for word in words)
    for about in ({"xmp": xmp}, {"iptc": iptc}):
        told = exiftool(result(kind, **about), kind, tmp_path)
        found = told.get("XMP-dc:Subject") or told["IPTC:Keywords"]
        assert found == ["family", "geotagged"]


def test_texts_that_are_coordinates_go():
    texts = {"GPSLatitude": "35.1", "Location": "35.10, 129.04", "Title": "+35.10+129.04/"}
    texts |= {"Comment": "Busan 1951", "exif:GPSInfo": "26"}
    chunks = [(b"tEXt", f"{k}\0{v}".encode()) for k, v in texts.items()]
    photo = decode_photo(png(*chunks))
    assert decode_photo(encode_photo(photo)).about.texts == (("Comment", "Busan 1951"),)
    kept = dict(decode_photo(encode_photo(photo, keep_gps=True)).about.texts)
    assert kept["Location"] == "35.10, 129.04"


@needs_exiftool
@pytest.mark.parametrize("kind", WRITABLE)
def test_exif_says_of_the_result_what_is_true_of_it(kind, tmp_path):
    tags = read_tags(io.BytesIO(exif_bytes()))
    for number, value in ((0x100, 60), (0x101, 40), (0x106, 1), (0x115, 1), (0x211, 1)):
        tags.set_number(number, value)
    for number in (0xA001, 0xA002, 0xA003, 0xA401, 0x9214, 0xA214, 0x8825, 0x9101):
        tags.set_number(number, 2, EXIF_IFD)
    tags.inner[INTEROP_IFD] = {1: Tag(2, 4, b"R03\0"), 0x1001: Tag(3, 1, b"\x3c\0")}
    data = encoded(scene(60, 40), "JPEG", exif=b"Exif\0\0" + tags.to_bytes())
    told = exiftool(encode_photo(colored(decode_photo(data)), kind), kind, tmp_path)
    assert told["ExifIFD:ColorSpace"] == 1
    size = [told.get(f"ExifIFD:ExifImage{side}") for side in ("Width", "Height")]
    assert size == ([40, 60] if kind != "TIFF" else [None, None])
    assert told["ExifIFD:CustomRendered"] == 1
    assert told.get("IFD0:SamplesPerPixel", 3) == 3
    assert told.get("IFD0:PhotometricInterpretation", 2) == 2
    assert told.get("IFD0:ImageWidth", 40) == 40
    assert not [n for n in told if n.startswith("InteropIFD")]
    for name in ("SubjectArea", "SubjectLocation"):
        assert f"ExifIFD:{name}" not in told
    components = told.get("ExifIFD:ComponentsConfiguration")
    assert components == ("1 2 3 0" if kind == "JPEG" else None)
    assert told["ExifIFD:LensModel"] == "Tessar"
    wide = exiftool(result(kind, icc_profile=profile("wide")), kind, tmp_path)
    assert wide["ExifIFD:ColorSpace"] == 0xFFFF


def test_a_makers_note_that_may_tell_the_place_goes_with_it():
    for place, note, stays in (
        (True, b"DJI\0note", False),
        (False, b"DJI\0note", True),
        (False, b"DJI\0 GPS(+35.1)", False),
    ):
        tags = read_tags(io.BytesIO(exif_bytes()))
        tags.inner[EXIF_IFD][0x927C] = Tag(7, len(note), note)
        if not place:
            del tags.inner[GPS_IFD]
        for keep in (False, True):
            data = result("JPEG", keep, exif=tags.to_bytes())
            left = read_tags(io.BytesIO(decode_photo(data).about.exif))
            assert (0x927C in left.inner[EXIF_IFD]) == (stays or keep)
            assert (GPS_IFD in left.inner) == (place and keep)


def test_geotiff_and_thumbnails_do_not_come_along():
    tags = read_tags(io.BytesIO(exif_bytes()))
    for number in (0x830E, 0x8482, 0x87AF, 0x87B1, 0x0201, 0x0202, 0x014A, 0x02BC, 0x8649):
        tags.main[number] = Tag(7, 8, b"35.10 N\0")
    for kind in WRITABLE:
        assert b"35.10 N" not in result(kind, exif=tags.to_bytes())
    thumbnail = encoded(scene(16, 12), "JPEG")
    first = struct.pack("<HHHIII", 1, 0x010F, 2, 4, int.from_bytes(b"Leo\0", "little"), 26)
    second = struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, 60, 0x0202, 4, 1, len(thumbnail), 0)
    exif = (b"II*\0\x08\0\0\0" + first + second).ljust(60, b"\0") + thumbnail
    for kind in WRITABLE:
        data = result(kind, exif=exif)
        assert b"Leo" in data
        assert thumbnail not in data


def test_iptc_that_is_untrue_goes():
    words = dataset(2, 80, "Otto")
    stale = [dataset(2, n, "1W") for n in (130, 131, 200, 201, 202)]
    stale += [dataset(r, 20, "xx") for r in (3, 7, 8, 9)]
    digest = resource(0x0425, b"0" * 16) + resource(0x040C, b"preview of it")
    body = b"Photoshop 3.0\0" + resource(0x0404, b"".join([*stale, words])) + digest
    for kind in ("JPEG", "TIFF"):
        data = encode_photo(decode_photo(jpeg((0xED, body))), kind)
        left = read_datasets(decode_photo(data).about.iptc, keep_gps=False)
        assert [d.value for d in left] == [b"Otto"]
        assert b"preview of it" not in data
        assert b"0" * 16 not in data


def test_what_is_where_goes_from_turned_photos_but_names_of_people_stay():
    inner = """<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>
        <rdf:li><rdf:Description mwg-rs:Name="Otto"><mwg-rs:Area stArea:x="0.25"/>
        </rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"""
    xmp = packet(f'{NAMES} GPano:FullPanoWidthPixels="60"', inner)
    for orientation, stays in ((1, True), (6, False), (3, False)):
        left = decode_photo(result(xmp=xmp, orientation=orientation)).about.xmp
        assert b"Otto" in left
        assert (b"stArea:x" in left) == stays
        assert (b"GPano:Full" in left) == stays


def test_no_name_or_text_takes_long():
    for text in ("+" * 100_000, "geo:" * 50_000, "1" * 100_000, "37.5 " * 50_000, "°" * 100_000):
        assert not is_stale_property("urn:x", text, turned=True, colored=True)
        is_place("urn:x", "location" + text, text)
        tells_place(text)
