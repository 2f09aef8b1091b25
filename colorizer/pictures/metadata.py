"""What a result says of itself: its photo's EXIF, XMP and IPTC, and that its colour is a guess."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO
from xml.dom import minidom
from xml.parsers import expat

from colorizer.pictures.exif import (
    DESCRIPTIVE,
    EXIF_IFD,
    GPS_IFD,
    ORIENTATION,
    SOFTWARE,
    Tags,
    read_tags,
)
from colorizer.pictures.photo import About
from colorizer.version import __version__

# IPTC's NewsCode for media that a trained generative model has modified or added to, as by
# inpainting: the photograph is real, its colour is not. Its neighbours don't fit: an
# “algorithmicallyEnhanced” one has no generative part, “trainedAlgorithmicMedia” no real one.
# Definitions: https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
_PACKET = ('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="w"?>')

# What sound XMP stays far below: bytes, elements, elements in one another. Photoshop's longest
# histories have some thousand elements.
_MOST_XMP, _MOST_ELEMENTS, _DEEPEST = 4 << 20, 20_000, 100

# Dimensions and resolution are written as they are now, so what EXIF said of them goes.
_MEASURES = {0x011A, 0x011B, 0x0128}
_EXIF_WIDTH, _EXIF_HEIGHT, _MAKER_NOTE = 0xA002, 0xA003, 0x927C

# IPTC's old fields by (number) and their like in XMP: the property of Dublin Core, its container.
_CAPTIONS = {
    5: ("title", "Alt"),
    25: ("subject", "Bag"),
    80: ("creator", "Seq"),
    116: ("rights", "Alt"),
    120: ("description", "Alt"),
}


@dataclass(frozen=True)
class Metadata:
    """What is to be written into a result; None where there is nothing.

    Attributes
    ----------
    exif
        Tags, upright.
    xmp
        An XMP packet.
    iptc
        IPTC's datasets (IIM), without a wrapper.
    """

    exif: Tags
    xmp: bytes | None
    iptc: bytes | None


def make_metadata(
    about: About, generator: str | None, *, keep_gps: bool, captions_in_xmp: bool
) -> Metadata:
    """Make a result's metadata from its photo's.

    Parameters
    ----------
    about
        What the photo's file says of itself.
    generator
        The title of the generator that coloured the photo; None where nothing has.
    keep_gps
        Whether the place where it was taken may stay.
    captions_in_xmp
        Whether IPTC's captions go into XMP, for a kind of file that can't hold IPTC itself.
    """
    datasets = _unwrap_iptc(about.iptc) if about.iptc else None
    captions = _captions(datasets) if datasets and captions_in_xmp else {}
    return Metadata(
        _make_tags(about.exif, generator, keep_gps),
        _make_xmp(about.xmp, captions, generator, keep_gps),
        None if captions_in_xmp else datasets,
    )


def read_tiff_exif(file: BinaryIO) -> bytes | None:
    """Read what a TIFF file says of itself, as EXIF."""
    try:
        tags = read_tags(file)
    except (ValueError, struct.error):
        return None
    kept = {number: tag for number, tag in tags.main.items() if number in DESCRIPTIVE}
    return Tags(tags.order, kept, tags.inner).to_bytes() if kept or tags.inner else None


def wrap_iptc(datasets: bytes) -> bytes:
    """Wrap IPTC's datasets as a JPEG holds them: an image resource of Photoshop's."""
    size = struct.pack(">I", len(datasets))
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + size + datasets + b"\0" * (len(datasets) % 2)


def _make_tags(exif: bytes | None, generator: str | None, keep_gps: bool) -> Tags:
    try:
        tags = read_tags(io.BytesIO(exif)) if exif else Tags()
    except (ValueError, struct.error):
        tags = Tags()  # damaged EXIF is no reason to refuse a picture
    for number in _MEASURES:
        tags.main.pop(number, None)
    inner = tags.inner.get(EXIF_IFD, {})
    for number in (_EXIF_WIDTH, _EXIF_HEIGHT):
        inner.pop(number, None)
    if _MAKER_NOTE in inner and inner[_MAKER_NOTE].count > 50_000:
        del inner[_MAKER_NOTE]  # a JPEG's EXIF has room for 64 KB
    if not keep_gps:
        tags.inner.pop(GPS_IFD, None)
    tags.set_number(ORIENTATION, 1)
    if generator:
        tags.set_text(SOFTWARE, f"Colorizer {__version__} ({generator})")
    return tags


def _unwrap_iptc(data: bytes) -> bytes | None:
    """Find IPTC's datasets in Photoshop's image resources, unless they stand alone."""
    if data.startswith(b"\x1c"):
        return data
    place = data.find(b"8BIM")
    while 0 <= place and data[place : place + 4] == b"8BIM" and place + 12 <= len(data):
        name = place + 6
        size_at = name + (data[name] + 2) // 2 * 2
        size = int.from_bytes(data[size_at : size_at + 4], "big")
        if data[place + 4 : place + 6] == b"\x04\x04":
            return data[size_at + 4 : size_at + 4 + size] or None
        place = size_at + 4 + size + size % 2
    return None


def _captions(datasets: bytes) -> dict[int, list[str]]:
    """Read IPTC's captions: texts by the number of their field."""
    captions: dict[int, list[str]] = {}
    place = 0
    while datasets[place : place + 1] == b"\x1c" and place + 5 <= len(datasets):
        record, number = datasets[place + 1], datasets[place + 2]
        size = int.from_bytes(datasets[place + 3 : place + 5], "big")
        text = datasets[place + 5 : place + 5 + size]
        if record == 2 and number in _CAPTIONS:
            try:
                value = text.decode()
            except UnicodeDecodeError:
                value = text.decode("latin-1")
            captions.setdefault(number, []).append(value)
        place += 5 + size
    return captions


def _make_xmp(
    xmp: bytes | None, captions: dict[int, list[str]], generator: str | None, keep_gps: bool
) -> bytes | None:
    if not xmp and not captions and not generator:
        return None
    document = _parse_xmp(xmp)
    root = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    for element in list(root.getElementsByTagName("*")):
        for name in list(element.attributes.keys()) if element.attributes else []:
            if _goes(element.attributes[name], generator, keep_gps):
                element.removeAttribute(name)
        if _goes(element, generator, keep_gps) and element.parentNode:
            element.parentNode.removeChild(element)
    about = [
        e.getAttributeNS(_RDF, "about") for e in root.childNodes if e.nodeType == e.ELEMENT_NODE
    ]
    new = document.createElementNS(_RDF, "rdf:Description")
    new.setAttribute("xmlns:rdf", _RDF)
    new.setAttributeNS(_RDF, "rdf:about", about[0] if about else "")
    if generator:
        new.setAttribute("xmlns:Iptc4xmpExt", _IPTC_EXT)
        for name, value in (
            ("DigitalSourceType", SOURCE_TYPE),
            ("AISystemUsed", f"Colorizer ({generator})"),
            ("AISystemVersionUsed", __version__),
        ):
            new.setAttributeNS(_IPTC_EXT, f"Iptc4xmpExt:{name}", value)
    if captions:
        new.setAttribute("xmlns:dc", _DC)
    for number, texts in captions.items():
        name, container = _CAPTIONS[number]
        if not root.getElementsByTagNameNS(_DC, name):
            new.appendChild(_property(document, name, container, texts))
    root.appendChild(new)
    root_node = document.documentElement
    assert root_node is not None  # noqa: S101 - for the type checker: it has been parsed
    return f"{_PACKET[0]}{root_node.toxml()}{_PACKET[1]}".encode()


def _parse_xmp(xmp: bytes | None) -> minidom.Document:
    """Parse XMP; what is damaged, or made to take memory or the stack, counts as none."""
    text = (xmp or b"").strip(b"\0 \r\n\t")
    if text and len(text) <= _MOST_XMP:
        try:
            _check_xml(text)
            document = minidom.parseString(text)  # noqa: S318 - has no entities, as just checked
            if document.getElementsByTagNameNS(_RDF, "RDF"):
                return document
        except (expat.ExpatError, ValueError):
            pass
    return minidom.parseString(_EMPTY)  # noqa: S318 - our own


def _check_xml(text: bytes) -> None:
    """Look through XML before a tree is made of it.

    Raises
    ------
    expat.ExpatError
        If it is not well-formed.
    ValueError
        If it has a document type, in which entities could be declared, more elements than XMP has,
        or elements nested deeper. The parser itself tells, so that no encoding hides anything.
    """
    depth = count = 0

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    def start(*_: object) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST or count > _MOST_ELEMENTS:
            raise ValueError("more elements than XMP has")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(text, True)


def _goes(node: minidom.Node, generator: str | None, keep_gps: bool) -> bool:
    """Tell whether a property is no longer true, or not to be told."""
    space, name = node.namespaceURI, node.localName or ""
    if space == _EXIF:
        return name.startswith("GPS") and not keep_gps
    if space == _IPTC_EXT:
        ours = ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed")
        return generator is not None and name in ours
    return (space, name) in ((_TIFF, "Orientation"), (_XMP, "Thumbnails"))


def _property(
    document: minidom.Document, name: str, container: str, texts: list[str]
) -> minidom.Element:
    """Make a property of Dublin Core with its values."""
    element = document.createElementNS(_DC, f"dc:{name}")
    values = element.appendChild(document.createElementNS(_RDF, f"rdf:{container}"))
    for text in texts if container != "Alt" else texts[:1]:
        value = values.appendChild(document.createElementNS(_RDF, "rdf:li"))
        if container == "Alt":
            value.setAttribute("xml:lang", "x-default")
        # What XML can't hold at all would make the whole packet unreadable.
        clean = "".join(c for c in text if c >= " " or c in "\t\n\r")
        value.appendChild(document.createTextNode(clean))
    return element
