"""What a result says of itself: its photo's words as far as true, and that colour is a guess."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from colorizer.pictures import iptc
from colorizer.pictures.exif import EXIF_IFD, ORIENTATION, SOFTWARE, Tags, read_tags
from colorizer.pictures.facts import is_place, is_stale_property, strip_tags
from colorizer.pictures.photo import Photo
from colorizer.pictures.profiles import is_srgb
from colorizer.pictures.xmp import (
    Additions,
    clean_text,
    parse_or_begin,
    remove_from,
    split_xmp,
    write_xmp,
)
from colorizer.version import __version__

# IPTC's NewsCode for media that a trained generative model has modified or added to, as by
# inpainting: the photograph is real, its colour is not. Its neighbours don't fit: an
# “algorithmicallyEnhanced” one has no generative part, “trainedAlgorithmicMedia” no real one.
# Definitions: https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

# Bytes that a segment of a JPEG has room for: all of them, without marker, length and name.
_JPEG_EXIF_ROOM, _JPEG_XMP_ROOM = 65_527, 65_504
_HOLD_IPTC, _HOLD_TEXTS = ("JPEG", "TIFF"), ("PNG",)
_COLOR_SPACE, _WIDTH, _HEIGHT, _UNCALIBRATED = 0xA001, 0xA002, 0xA003, 0xFFFF

# PNG's keywords (https://www.w3.org/TR/png/#11keywords) as properties of XMP.
_COMMENT, _CREATION_TIME = "Comment", "Creation Time"
_KEYWORDS = {
    "Title": ("dc:title", "Alt"),
    "Author": ("dc:creator", "Seq"),
    "Description": ("dc:description", "Alt"),
    "Copyright": ("dc:rights", "Alt"),
    _CREATION_TIME: ("photoshop:DateCreated", ""),
}
# What programs write of themselves into comments, which would pass for a caption elsewhere.
_BY_PROGRAMS = re.compile(
    r"CREATOR: gd-jpeg|Lavc\d|LEAD Technologies|File written by Adobe|Created with (GIMP|The GIMP)"
)


@dataclass(frozen=True)
class Metadata:
    """What is to be written into a result; None where there is nothing.

    Attributes
    ----------
    exif
        Tags, upright.
    xmp, xmp_extension
        An XMP packet, and what of it a JPEG's segment has no room for.
    iptc
        IPTC's datasets (IIM), without a wrapper.
    texts
        Texts by keyword, for a PNG's chunks or a JPEG's comments.
    dpi
        Pixels an inch, across and down.
    """

    exif: Tags
    xmp: bytes | None = None
    xmp_extension: bytes | None = None
    iptc: bytes | None = None
    texts: tuple[tuple[str, str], ...] = ()
    dpi: tuple[float, float] | None = None


def make_metadata(photo: Photo, kind: str, *, keep_gps: bool) -> Metadata:
    """Make a result's metadata from its photo's.

    Parameters
    ----------
    photo
        The photo, upright.
    kind
        The kind of file that it is for, one of `formats.WRITABLE`. Words that it can't hold as the
        photo's file had them go into XMP.
    keep_gps
        Whether the place where it was taken may stay.
    """
    about = photo.about
    dpi = about.dpi
    if dpi and not all(1 <= value <= 100_000 for value in dpi):  # Damaged files say anything.
        dpi = None
    tags = _make_tags(photo, kind, keep_gps)
    tags.set_resolution(dpi)
    if kind == "TIFF" and not dpi:
        tags.set_no_resolution()
    if kind == "JPEG":
        tags.shorten(_JPEG_EXIF_ROOM)
    datasets = iptc.read_datasets(about.iptc, keep_gps=keep_gps)
    texts = [
        (keyword, clean)
        for keyword, text in about.texts
        if _is_word(keyword, photo.generator, keep_gps, text) and (clean := clean_text(text))
    ]
    root = parse_or_begin(about.xmp, about.xmp_extension)
    turned, colored = about.orientation != 1, photo.generator is not None
    remove_from(
        root,
        lambda space, name, text: (
            is_stale_property(space, name, turned=turned, colored=colored)
            or (not keep_gps and is_place(space, name, text))
        ),
    )
    additions = Additions(root)
    if photo.generator:
        additions.mark("Iptc4xmpExt:DigitalSourceType", SOURCE_TYPE)
        additions.mark("Iptc4xmpExt:AISystemUsed", f"Colorizer ({photo.generator})")
        additions.mark("Iptc4xmpExt:AISystemVersionUsed", __version__)
        if photo.hints:  # what a person told the system
            told = f"colours put right by hand: {photo.hints}"
            additions.mark("Iptc4xmpExt:AIPromptInformation", told)
    for name, container, values in iptc.list_rights(about.iptc):
        additions.add(name, container, values)
    if kind not in _HOLD_IPTC:
        for name, container, values in iptc.list_properties(datasets):
            additions.add(name, container, values)
    if kind not in _HOLD_TEXTS:
        texts = _add_texts(additions, texts, kind)
    if not additions.count and len(root) == 1:
        xmp, extension = None, None
    elif kind == "JPEG":
        xmp, extension = split_xmp(root, additions.node, _JPEG_XMP_ROOM)
    else:
        xmp, extension = write_xmp(root), None
    held = iptc.join_datasets(datasets) if kind in _HOLD_IPTC else b""
    return Metadata(tags, xmp, extension, held or None, tuple(texts), dpi)


def _make_tags(photo: Photo, kind: str, keep_gps: bool) -> Tags:
    """Make EXIF."""
    try:
        tags = read_tags(io.BytesIO(photo.about.exif)) if photo.about.exif else Tags()
    except (ValueError, struct.error):
        tags = Tags()  # damaged EXIF is no reason to refuse a picture
    srgb = is_srgb(photo.about.icc_profile)
    strip_tags(tags, turned=photo.about.orientation != 1, srgb=srgb, keep_gps=keep_gps)
    tags.set_number(ORIENTATION, 1)
    if photo.generator:
        tags.set_text(SOFTWARE, f"Colorizer {__version__} ({photo.generator})")
    tags.set_versions()
    tags.set_number(_COLOR_SPACE, 1 if srgb else _UNCALIBRATED, EXIF_IFD)
    if kind != "TIFF":  # which has tags of its own for it
        tags.set_number(_WIDTH, photo.width, EXIF_IFD)
        tags.set_number(_HEIGHT, photo.height, EXIF_IFD)
    if kind == "JPEG":
        tags.set_jpeg()
    return tags


def _is_word(keyword: str, generator: str | None, keep_gps: bool, text: str) -> bool:
    """Tell whether a text is worth keeping: programs' own properties have a colon in their name."""
    if ":" in keyword or (generator and keyword == "Software"):
        return False
    return keep_gps or not is_place("", keyword, text)


def _add_texts(
    additions: Additions, texts: list[tuple[str, str]], kind: str
) -> list[tuple[str, str]]:
    """Add texts to XMP; give those that become a JPEG's comments."""
    rest: list[str] = []
    had = additions.list_texts() if texts else set()
    for keyword, text in texts:
        if text in had:
            continue
        value = _date(text) if keyword == _CREATION_TIME else text
        if keyword in _KEYWORDS and additions.add(*_KEYWORDS[keyword], [value]):
            continue
        rest.append(text if keyword == _COMMENT else f"{keyword}: {text}")
    if kind == "JPEG":
        return [(_COMMENT, text) for text in rest]
    rest = [text for text in rest if not _BY_PROGRAMS.match(text)]
    if rest and additions.add("dc:description", "Alt", rest):
        rest = rest[1:]
    additions.add("exif:UserComment", "Alt", ["\n".join(rest)])
    return []


def _date(text: str) -> str:
    """Write a date as XMP has it; "" if it is of no form that programs write into PNG files."""
    for parse in (
        datetime.fromisoformat,
        parsedate_to_datetime,
        lambda text: datetime.strptime(text, "%Y:%m:%d %H:%M:%S"),
    ):
        try:
            return parse(text.strip()).isoformat()
        except (ValueError, TypeError, IndexError):
            continue
    return ""
