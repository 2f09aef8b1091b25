"""XMP: parsed within bounds, given properties, and written whole or in the two parts of a JPEG."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lxml import etree

Element = Any  # lxml brings no types.

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PREFIXES = {
    "rdf": RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_TEXTS = (_LANGUAGE, f"{{{RDF}}}parseType")
_PACKET = ('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="w"?>')

# What sound XMP stays far below. Photoshop's longest histories have some thousand elements, and
# Camera Raw's settings some hundred attributes. All time and memory is proportional to these, but
# lxml's for an element to the square of its attributes.
_MOST_BYTES = 4 << 20
_MOST_MARKS = {b"<": 40_000, b"=": 50_000, b"xmlns": 1_000}
_MOST_ATTRIBUTES, _DEEPEST = 1_000, 100
_DECLARATION = re.compile(r"<\?xml\s[^>]*>")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_xmp(data: bytes | None) -> Element | None:
    """Parse a packet in UTF-8, UTF-16 or UTF-32.

    Returns
    -------
    Element or None
        Its ``rdf:RDF``, without what stands around it. What is damaged, has a document type, or is
        made to take memory, time or the stack counts as none.
    """
    text = _decode(data or b"")
    if declaration := _DECLARATION.match(text):  # It may name the encoding that the text had.
        text = text[declaration.end() :]
    packet = text.encode()
    # A document type could declare entities; these are letters, whatever the encoding was.
    if not packet or len(packet) > _MOST_BYTES or b"<!DOCTYPE" in packet:
        return None
    if any(packet.count(mark) > most for mark, most in _MOST_MARKS.items()):
        return None
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(packet, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or not _is_shallow(root):
        return None
    return next(root.iter(_name("rdf:RDF")), None)


def parse_or_begin(data: bytes | None, extension: bytes | None = None) -> Element:
    """Parse a packet and, if it has one, its extension; begin an empty one where there is none."""
    root = parse_xmp(data)
    if root is None:
        return etree.Element(_name("rdf:RDF"), nsmap={"rdf": RDF})
    more = parse_xmp(extension)
    if more is not None:
        had = {name for _, name, _ in _properties(root)}
        for description in list(more):
            for child in [child for child in description if child.tag in had]:
                description.remove(child)
            for name in [name for name in description.attrib if name in had]:
                del description.attrib[name]
            root.append(description)
    return root


def remove_from(root: Element, goes: Callable[[str, str, str], bool]) -> None:
    """Remove properties, however deep and however written.

    Parameters
    ----------
    root
        An ``rdf:RDF``.
    goes
        Tells whether a property goes, by its namespace, its name and its own text.
    """
    for element in list(root.iter(etree.Element)):
        for name, value in element.items():
            if goes(*_parts(name), value):
                del element.attrib[name]
        parent = element.getparent()
        if parent is not None and element is not root:
            if goes(*_parts(element.tag), element.text or ""):
                parent.remove(element)


class Additions:
    """A new description in XMP, for properties that it has no values of.

    Attributes
    ----------
    node
        The description.
    count
        How many properties it has.
    """

    def __init__(self, root: Element) -> None:
        rows = _properties(root)
        self._had = {name for _, name, value in rows if value}
        self._empty = [(description, name) for description, name, value in rows if not value]
        self._root = root
        self.count = 0
        about = [element.get(_name("rdf:about")) for element in root]
        self.node = etree.SubElement(root, _name("rdf:Description"), nsmap=PREFIXES)
        self.node.set(_name("rdf:about"), next((text for text in about if text), ""))

    def list_texts(self) -> set[str]:
        """List what the packet says already, in whichever property."""
        return {text.strip() for text in _texts(self._root)}

    def mark(self, name: str, value: str) -> None:
        """Add a plain text whatever there is: as ``dc:format``, with one of `PREFIXES`."""
        self.node.set(_name(name), value)
        self.count += 1

    def add(self, name: str, container: str, values: Sequence[str]) -> bool:
        """Add a property, unless the packet has a value of it already.

        Parameters
        ----------
        name
            As ``dc:title``, with one of `PREFIXES`.
        container
            ``Alt``, ``Bag`` or ``Seq``; empty for a plain text; else the name of the one field of
            a structure.
        values
            Its values; where it takes one, the first.

        Returns
        -------
        bool
            Whether it has been added.
        """
        values = [clean for value in values if (clean := clean_text(value))]
        if _name(name) in self._had or not values:
            return False
        self._had.add(_name(name))
        self.count += 1
        for description, empty in self._empty:
            if empty == _name(name):  # a property may stand only once
                description.attrib.pop(empty, None)
                etree.strip_elements(description, empty, with_tail=False)
        element = etree.SubElement(self.node, _name(name))
        if not container:
            element.text = values[0]
        elif ":" in container:
            element.set(_name("rdf:parseType"), "Resource")
            etree.SubElement(element, _name(container)).text = values[0]
        else:
            holder = etree.SubElement(element, _name(f"rdf:{container}"))
            for value in values[:1] if container == "Alt" else values:
                item = etree.SubElement(holder, _name("rdf:li"))
                item.text = value
                if container == "Alt":
                    item.set(_LANGUAGE, "x-default")
        return True


def clean_text(text: str) -> str:
    """Return a text without what XML can't hold, which would make a packet unreadable."""
    return _NOT_XML.sub("", text).strip()


def write_xmp(root: Element) -> bytes:
    """Write a packet."""
    etree.cleanup_namespaces(root, keep_ns_prefixes=["rdf"])
    # lxml writes line breaks and tabs in attributes as references; XML readers take raw ones for
    # spaces.
    text = etree.tostring(root, encoding="unicode", with_tail=False)
    wrapped = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{text}</x:xmpmeta>'
    return f"{_PACKET[0]}{wrapped}{_PACKET[1]}".encode()


def split_xmp(root: Element, mark: Element, room: int) -> tuple[bytes, bytes | None]:
    """Write XMP for a JPEG, whose segment may be too short for it: the longest properties go.

    Parameters
    ----------
    root
        An ``rdf:RDF``.
    mark
        The description in it that stays in the first part whatever happens.
    room
        How many bytes the first part may have.

    Returns
    -------
    tuple of bytes and (bytes or None)
        The packet, and what doesn't fit into it: extended XMP, which the packet then names by its
        MD5 sum, as part 3 of the XMP specification (1.1.3.1) has it.
    """
    whole = write_xmp(root)
    if len(whole) <= room:
        return whole, None
    names = root.nsmap
    more = etree.Element(_name("rdf:RDF"), nsmap=names)
    holders: dict[Element, Element] = {}
    excess = len(whole) - room + 200  # The name of the extension takes room, too.
    for size, description, part in sorted(_movable(root, mark), key=lambda row: -row[0]):
        if excess <= 0:
            break
        if description not in holders:
            # Names of namespaces move along once, not with each property.
            own = {k: v for k, v in description.nsmap.items() if names.get(k) != v}
            holders[description] = etree.SubElement(more, _name("rdf:Description"), nsmap=own)
            holders[description].set(_name("rdf:about"), mark.get(_name("rdf:about")))
        if isinstance(part, str):
            etree.SubElement(holders[description], part).text = description.attrib.pop(part)
        else:
            part.tail = None
            holders[description].append(part)
        excess -= size
    packet, extension = _with_extension(root, mark, more)
    if len(packet) > room:  # Thousands of small properties: all but our own go.
        for description in [element for element in root if element is not mark]:
            more.append(description)
        packet, extension = _with_extension(root, mark, more)
    return packet, extension


def _with_extension(root: Element, mark: Element, more: Element) -> tuple[bytes, bytes]:
    etree.cleanup_namespaces(more)
    text = etree.tostring(more, encoding="unicode", with_tail=False)
    extension = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{text}</x:xmpmeta>'.encode()
    mark.set(_name("xmpNote:HasExtendedXMP"), extension_id(extension))
    return write_xmp(root), extension


def extension_id(extension: bytes) -> str:
    """Return the name that extended XMP goes by."""
    return hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()


def _movable(root: Element, mark: Element) -> list[tuple[int, Element, Any]]:
    """List the properties that may go: how many bytes at least, whose, an element or a name."""
    rows: list[tuple[int, Element, Any]] = []
    for description in root:
        if description is not mark:
            for name, value in description.items():
                if _parts(name)[0] not in ("", RDF):
                    rows.append((len(value.encode()), description, name))
            for child in description:
                size = sum(len(text.encode()) + 10 for text in _texts(child))
                rows.append((size, description, child))
    return rows


def _properties(root: Element) -> list[tuple[Element, str, bool]]:
    """List a packet's own properties: whose, the name, whether it has a value."""
    rows = []
    for description in root:
        names = [name for name in description.attrib if _parts(name)[0] != RDF]
        rows += [(description, name, bool(description.get(name).strip())) for name in names]
        for child in description:
            rows.append((description, child.tag, any(text.strip() for text in _texts(child))))
    return rows


def _texts(element: Element) -> Iterator[str]:
    """Give all texts in an element, its attributes' among them, but no languages."""
    for inner in element.iter():
        yield inner.text or ""
        yield from (value for name, value in inner.items() if name not in _NO_TEXTS)


def _decode(data: bytes) -> str:
    """Decode a packet, told by its mark or its zeros, as XML's appendix F has it; "" if neither."""
    if len(data) > 4 * _MOST_BYTES:
        return ""
    head = data[:4]
    zeros = tuple(not byte for byte in head)
    if head in (b"\xff\xfe\0\0", b"\0\0\xfe\xff") or zeros[1:3] == (True, True):
        encoding = "utf-32-le" if head[0] else "utf-32-be"
    elif head[:2] in (b"\xff\xfe", b"\xfe\xff") or sum(zeros) == 2:
        encoding = "utf-16-le" if head[:1] != b"\xfe" and not zeros[0] else "utf-16-be"
    else:
        encoding = "utf-8"
    try:
        return data.decode(encoding).strip("\ufeff\0 \r\n\t")
    except UnicodeDecodeError:
        return ""


def _is_shallow(root: Element) -> bool:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST or len(element.attrib) > _MOST_ATTRIBUTES:
            return False
    return True


def _name(name: str) -> str:
    """Return a property's name as lxml has it."""
    prefix, local = name.split(":")
    return f"{{{PREFIXES[prefix]}}}{local}"


def _parts(name: str) -> tuple[str, str]:
    """Return the namespace and the local part of a name as lxml has it."""
    space, _, local = name.rpartition("}")
    return space[1:], local
