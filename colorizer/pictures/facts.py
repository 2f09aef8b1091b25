"""Which facts of a photo's file its result doesn't repeat: what is untrue of it, and the place.

Colouring, turning and writing make facts untrue, in every vocabulary: colour spaces and sizes,
thumbnails, gain maps, films.
"""

from __future__ import annotations

import re
from functools import lru_cache

from colorizer.pictures.exif import (
    DESCRIPTIVE,
    EXIF_IFD,
    GPS_IFD,
    INTEROP_IFD,
    ORIENTATION,
    Tags,
)
from colorizer.pictures.xmp import PREFIXES, RDF

_MAKER_NOTE, _CUSTOM_RENDERED = 0x927C, 0xA401
# Of EXIF's own directory: what is untrue of a result, and what of one that has been turned.
_STALE_EXIF = {
    *(GPS_IFD, EXIF_IFD, 0x014A),  # directories, which don't come along from here
    *(0x9101, 0x9102, 0xA001),  # components, compression, colour space
    *(0xA002, 0xA003, 0xA500, 0xEA1C),  # width, height, gamma, padding
}
_TURNED_EXIF = {0x9214, 0xA214}  # where the subject is
_INTEROP_INDEX, _INTEROP_VERSION = 1, 2

# XMP: namespaces of which nothing goes over. Settings that a viewer would apply once more, gain
# maps, films, depth maps, and places.
_STALE_SPACES = re.compile(
    r"http://ns\.adobe\.com/(camera-raw-|hdr-gain-map/|xap/1\.0/g/img/)"
    r"|http://ns\.apple\.com/(?!faceinfo/)"
    r"|http://ns\.[a-z]+\.com/photos/(?!1\.0/panorama/)"
    r"|http://darktable\.sf\.net/"
)
_PANORAMA = "http://ns.google.com/photos/1.0/panorama/"
_PLACE_SPACES = re.compile(
    r"http://www\.w3\.org/2003/01/geo/|http://www\.georss\.org/|http://www\.opengis\.net/"
)
_STALE_NAMES = {
    "tiff": """ImageWidth ImageLength BitsPerSample Compression PhotometricInterpretation
        Orientation SamplesPerPixel PlanarConfiguration YCbCrSubSampling YCbCrPositioning
        XResolution YResolution ResolutionUnit TransferFunction WhitePoint PrimaryChromaticities
        YCbCrCoefficients ReferenceBlackWhite NativeDigest""",
    "exif": """PixelXDimension PixelYDimension ColorSpace ComponentsConfiguration
        CompressedBitsPerPixel Gamma CustomRendered NativeDigest""",
    "photoshop": "ColorMode ICCProfile LegacyIPTCDigest EmbeddedXMPDigest",
    "xmp": "Thumbnails",
    "xmpNote": "HasExtendedXMP",
    "dc": "format",
}
_STALE = {(PREFIXES[p], name) for p, names in _STALE_NAMES.items() for name in names.split()}
_STALE.add(("http://cipa.jp/exif/1.0/", "Gamma"))
_STALE.add(("http://purl.org/dc/terms/", "provenance"))  # of content credentials that don't go over
_STALE_ANYWHERE = re.compile(r"(MotionPhoto|MicroVideo|HDRGainMap|GainMap|DepthMap)")
# Where in an unturned picture things are; who is there stays.
_TURNED_NAMES = {
    *("SubjectArea", "SubjectLocation"),  # EXIF's
    *("Area", "AppliedToDimensions"),  # the Metadata Working Group's
    *("Rectangle", "RegionBoundary"),  # Microsoft's, IPTC's
}
_OURS = {
    (PREFIXES["Iptc4xmpExt"], "DigitalSourceType"),
    (PREFIXES["Iptc4xmpExt"], "AISystemUsed"),
    (PREFIXES["Iptc4xmpExt"], "AISystemVersionUsed"),
    (PREFIXES["tiff"], "Software"),
}

# Names of coordinates in any vocabulary, without what isn't a letter or digit. Names of towns and
# countries are words, and stay.
_PLACE_NAMES = re.compile(
    r"gps|latitude|longt?itude|altitude|coordinate|iso6709|what3words|georss"
    r"|^geo(tag|hash|uri|loc|pos|point|coord|$)|^(lat|lon|long|lng|alt|latlon|latlong|latlng|lonlat)$"
)
_MAYBE_PLACE = re.compile(r"location|position|place|point|where")
# Texts that are nothing but coordinates: ISO 6709, URIs and machine tags of geo:, two decimals.
_PLACE_TEXT = re.compile(
    r"[+-]\d{2,6}(\.\d+)?[+-]\d{3,7}(\.\d+)?([+-]\d+(\.\d+)?)?(CRS\w+)?/"
    r"|[+-]\d{2,6}\.\d+[+-]\d{3,7}\.\d+"
    r"|geo:\s*(lat|lon|long|lng|alt)\s*=.*"
    r"|geo:[+-]?\d.*",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"[-+\d.,;:°º'\"′″’”\sNSEW]+")
_FIGURE = re.compile(r"\d+\.\d+|\d+\s*[°º]")


@lru_cache(1000)
def is_stale_property(space: str, name: str, *, turned: bool, colored: bool) -> bool:
    """Tell whether a property of XMP would be untrue of a result."""
    return (
        (space, name) in _STALE
        or bool(_STALE_SPACES.match(space) or _STALE_ANYWHERE.match(name))
        or (colored and (space, name) in _OURS)
        or (turned and (space == _PANORAMA or name in _TURNED_NAMES))
    )


def is_place(space: str, name: str, text: str) -> bool:
    """Tell whether a property of XMP, or a text of that name, says where a photo was taken."""
    named, maybe = _names_place(space, name)
    return named or tells_place(text) or (maybe and _are_figures(text[:200].strip()))


def tells_place(text: str) -> bool:
    """Tell whether a text is nothing but coordinates."""
    return bool(_PLACE_TEXT.fullmatch(text[:200].strip()))


@lru_cache(1000)
def _names_place(space: str, name: str) -> tuple[bool, bool]:
    """Tell whether a name is one of coordinates, and whether it may be, depending on its value."""
    if space == RDF:
        return False, False
    plain = re.sub("[^a-z0-9]", "", name.lower())
    named = _PLACE_SPACES.match(space) or _PLACE_NAMES.search(plain)
    return bool(named), bool(_MAYBE_PLACE.search(plain))


def _are_figures(text: str) -> bool:
    return bool(_FIGURES.fullmatch(text)) and len(_FIGURE.findall(text)) > 1


def is_stale_dataset(record: int, number: int) -> bool:
    """Tell whether a dataset of IPTC would be untrue of a result.

    Those are its parameters as a picture of the press and its data (records 3, 7 to 9), how many
    colours it has and which way round it is (2:130, 2:131), and a preview (2:200 to 2:202).
    """
    return record in (3, 7, 8, 9) or (record == 2 and number in (130, 131, 200, 201, 202))


def strip_tags(tags: Tags, *, turned: bool, srgb: bool, keep_gps: bool) -> None:
    """Remove EXIF that would be untrue of a result, or tells the place.

    A maker's note that comes with a place, or names GPS, may tell it again, and nobody can look
    into them all.
    """
    inner = tags.inner.get(EXIF_IFD, {})
    for number in _STALE_EXIF | (_TURNED_EXIF if turned else set()):
        inner.pop(number, None)
    if _CUSTOM_RENDERED in inner:  # its other values speak of gain maps
        tags.set_number(_CUSTOM_RENDERED, 1, EXIF_IFD)
    tags.main = {n: tag for n, tag in tags.main.items() if n in DESCRIPTIVE or n == ORIENTATION}
    interop = tags.inner.pop(INTEROP_IFD, {})
    index = interop.get(_INTEROP_INDEX)
    if srgb and index and index.data.startswith(b"R98"):  # the others mean Adobe RGB or a thumbnail
        kept = (_INTEROP_INDEX, _INTEROP_VERSION)
        tags.inner[INTEROP_IFD] = {n: tag for n, tag in interop.items() if n in kept}
    if not keep_gps:
        note = inner.get(_MAKER_NOTE)
        if note and (GPS_IFD in tags.inner or b"gps" in note.data.lower()):
            del inner[_MAKER_NOTE]
        tags.inner.pop(GPS_IFD, None)
