"""EXIF and TIFF tags, byte for byte: read from EXIF or a TIFF file, edited, written back.

Both are the same structure: directories of tags whose values stand anywhere in the file. Values
are kept as bytes, so that what isn't understood here passes unharmed, in any script.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

ORIENTATION, SOFTWARE = 0x0112, 0x0131
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
IPTC, XMP, ICC_PROFILE, PHOTOSHOP = 0x83BB, 0x02BC, 0x8773, 0x8649

# What a TIFF's first directory says of the picture and its owner, not of how pixels are stored.
DESCRIPTIVE = {
    *(0x010E, 0x010F, 0x0110),  # description, make, model
    *(SOFTWARE, 0x0132, 0x013B, 0x013C),  # software, date, artist, host
    *(0x010D, 0x011D, 0x0129, 0x8298),  # document, page, page number, copyright
    *(0x4746, 0x4749),  # Windows' rating, in stars and percent
    *range(0x9C9B, 0x9CA0),  # Windows' title, comment, author, keywords, subject
}

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}  # BigTIFF's
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _LONG8, _IFD8 = 1, 2, 3, 4, 5, 7, 16, 18
_USER_COMMENT, _EXIF_VERSION, _FLASHPIX_VERSION = 0x9286, 0x9000, 0xA000
_COMPONENTS, _CHROMA_POSITION = 0x9101, 0x0213
_INCH, _NO_UNIT = 2, 1
# What a sound file stays far below: tags of a directory, and bytes of all values together, which in
# a damaged or hostile file may be the same bytes again and again.
# A profile or a maker's note takes a megabyte or two.
_MOST_TAGS, _MOST_BYTES = 4096, 8 << 20


@dataclass
class Tag:
    """A value as it stands in the file: its type's number, how many, their bytes."""

    type: int
    count: int
    data: bytes


Directory = dict[int, Tag]


@dataclass
class Tags:
    """The first directory of an EXIF or TIFF structure and the directories in it.

    Attributes
    ----------
    order
        ``<`` or ``>``: the byte order of all values.
    main
        The directory itself.
    inner
        EXIF's own, GPS and interoperability directories, by the tag that points at them.
    is_cut
        Whether some of it would lie behind the end of the file.
    """

    order: str = "<"
    main: Directory = field(default_factory=dict)
    inner: dict[int, Directory] = field(default_factory=dict)
    is_cut: bool = False

    def set_number(self, tag: int, number: int, pointer: int | None = None) -> None:
        """Set a number in the first directory, or in the one at a pointer."""
        type_, code = (_SHORT, "H") if number < 1 << 16 else (_LONG, "I")
        directory = self.inner.setdefault(pointer, {}) if pointer else self.main
        directory[tag] = Tag(type_, 1, struct.pack(self.order + code, number))

    def set_text(self, tag: int, text: str) -> None:
        """Set a text in the first directory."""
        data = text.encode() + b"\0"
        self.main[tag] = Tag(_ASCII, len(data), data)

    def set_versions(self) -> None:
        """Set the versions that EXIF's own directory must have, where the file named none."""
        own = self.inner.setdefault(EXIF_IFD, {})
        own.setdefault(_EXIF_VERSION, Tag(_UNDEFINED, 4, b"0232"))
        own.setdefault(_FLASHPIX_VERSION, Tag(_UNDEFINED, 4, b"0100"))

    def set_jpeg(self) -> None:
        """Set what EXIF must say of a JPEG: its components, Y, Cb and Cr, all of the same size."""
        components = Tag(_UNDEFINED, 4, b"\1\2\3\0")
        self.inner.setdefault(EXIF_IFD, {})[_COMPONENTS] = components
        self.set_number(_CHROMA_POSITION, 1)

    def set_resolution(self, dpi: tuple[float, float] | None) -> None:
        """Set pixels an inch, across and down; None: say nothing of them."""
        for tag in (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT):
            self.main.pop(tag, None)
        if dpi:
            for tag, value in zip((X_RESOLUTION, Y_RESOLUTION), dpi, strict=True):
                ratio = Fraction(value).limit_denominator(1000)
                data = struct.pack(self.order + "II", ratio.numerator, ratio.denominator)
                self.main[tag] = Tag(_RATIONAL, 1, data)
            self.set_number(RESOLUTION_UNIT, _INCH)

    def set_no_resolution(self) -> None:
        """State that pixels are square and of no size, as a TIFF must where it isn't known."""
        self.set_resolution((1, 1))
        self.set_number(RESOLUTION_UNIT, _NO_UNIT)

    def shorten(self, room: int) -> None:
        """Remove the longest values until the structure has at most `room` bytes."""
        values = [
            (len(tag.data), number, directory)
            for directory in (self.main, *self.inner.values())
            for number, tag in directory.items()
        ]
        # Each tag takes 12 bytes and a value of even length, each of four directories 6, and all
        # but one a tag that points at it.
        excess = sum(size + size % 2 + 12 for size, _, _ in values) + 8 + 4 * 6 + 3 * 12 - room
        for size, number, directory in sorted(values, key=lambda row: row[0], reverse=True):
            if excess <= 0:
                break
            del directory[number]
            excess -= size + 12

    def to_bytes(self) -> bytes:
        """Write an EXIF structure."""
        start = (b"II" if self.order == "<" else b"MM") + struct.pack(self.order + "HI", 42, 8)
        return start + _Writer(self.order, big=False).write(8, self.main, self.inner)


def read_tags(file: BinaryIO, place: int | None = None) -> Tags:
    """Read the tags of an EXIF structure or a TIFF file.

    Parameters
    ----------
    file
        The open file.
    place
        Where the directory stands; None: the first one.

    Raises
    ------
    ValueError
        If it is neither, or damaged.
    """
    reader = _Reader(file)
    main = reader.directory(reader.first if place is None else place)
    tags = Tags(reader.order, main)
    places = [(main, EXIF_IFD), (main, GPS_IFD)]
    for holder, pointer in places:
        if pointer not in holder:
            continue
        try:
            inner = reader.directory(reader.number(holder.pop(pointer)))
        except (ValueError, struct.error):
            continue  # one damaged directory doesn't spoil the others
        tags.inner.setdefault(pointer, inner)
        if pointer == EXIF_IFD:  # some programs have the place in there
            places += [(inner, INTEROP_IFD), (inner, GPS_IFD)]
    tags.is_cut = reader.is_cut
    return tags


def add_to_tiff(file: BinaryIO, tags: Tags, further: Mapping[int, bytes]) -> None:
    """Add tags to a TIFF file: its first directory is written anew, at the end of the file.

    Parameters
    ----------
    file
        Open for reading and writing.
    tags
        Its descriptive tags and its resolution are added, and its inner directories.
    further
        Tags with bytes for values.
    """
    reader = _Reader(file)
    main = reader.directory(reader.first)
    same = tags.order == reader.order
    main |= {
        number: tag if same else _swapped(tag, number)
        for number, tag in tags.main.items()
        if number in DESCRIPTIVE or number in (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)
    }
    inner = {
        pointer: {n: tag if same else _swapped(tag, n) for n, tag in directory.items()}
        for pointer, directory in tags.inner.items()
    }
    main |= {number: Tag(_BYTE, len(data), data) for number, data in further.items()}
    file.seek(0, 2)
    if file.tell() % 2:
        file.write(b"\0")
    start = file.tell()
    data = _Writer(reader.order, reader.big).write(start, main, inner)
    if not reader.big and start + len(data) >= 1 << 32:
        return  # no room for tags in a file that is as large as TIFFs can be
    file.write(data)
    file.seek(8 if reader.big else 4)
    file.write(struct.pack(reader.order + ("Q" if reader.big else "I"), start))


class _Reader:
    """Reads directories of a TIFF structure."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.room = _MOST_BYTES
        self.is_cut = False
        file.seek(0, 2)
        self.length = file.tell()
        file.seek(0)
        head = file.read(16)
        if head[:2] not in (b"II", b"MM") or len(head) < 8:
            raise ValueError("no TIFF structure")
        self.order = "<" if head[:2] == b"II" else ">"
        self.big = struct.unpack(self.order + "H", head[2:4])[0] == 43
        self.first: int
        if self.big:
            (self.first,) = struct.unpack(self.order + "Q", head[8:16])
        else:
            (self.first,) = struct.unpack(self.order + "I", head[4:8])

    def directory(self, offset: int) -> Directory:
        """Read one directory, leaving out values that lie outside of the file or are too long."""
        word, size, inline = ("Q", 20, 8) if self.big else ("I", 12, 4)
        (count,) = self._unpack("Q" if self.big else "H", self._at(offset, 8 if self.big else 2))
        if not 0 < count <= _MOST_TAGS:
            raise ValueError("no directory")
        entries = self.file.read(count * size)
        if len(entries) < count * size:
            self.is_cut = True
            raise ValueError("cut off")
        directory: Directory = {}
        for start in range(0, len(entries), size):
            entry = entries[start : start + size]
            number, type_, items = self._unpack("HH" + word, entry[: size - inline])
            length = _SIZES.get(type_, 0) * items
            if not 0 < length <= self.room:
                continue
            data = entry[size - inline :][:length]
            if length > inline:
                (place,) = self._unpack(word, entry[size - inline :])
                if place + length > self.length:
                    self.is_cut = True
                    continue
                data = self._at(place, length)
            self.room -= length
            directory[number] = Tag(type_, items, data)
        return directory

    def number(self, tag: Tag) -> int:
        """Read the number that a tag has."""
        codes = {2: "H", 4: "I", 8: "Q"}
        if (size := _SIZES[tag.type]) not in codes:
            raise ValueError("no number")
        return int(self._unpack(codes[size], tag.data[:size])[0])

    def _at(self, offset: int, length: int) -> bytes:
        if offset + length > self.length:
            self.is_cut = True
            raise ValueError("outside of the file")
        self.file.seek(offset)
        return self.file.read(length)

    def _unpack(self, codes: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + codes, data)


class _Writer:
    """Writes directories of a TIFF structure."""

    def __init__(self, order: str, big: bool) -> None:
        self.order, self.big = order, big
        self.word, self.inline = ("Q", 8) if big else ("I", 4)

    def write(self, start: int, main: Directory, inner: Mapping[int, Directory]) -> bytes:
        """Write a directory that will stand at `start`, and those that it points at behind it."""
        main = dict(main)
        exif = dict(inner.get(EXIF_IFD, {}))
        pointers = [(main, GPS_IFD, inner.get(GPS_IFD, {})), (main, EXIF_IFD, exif)]
        if exif:
            pointers.append((exif, INTEROP_IFD, inner.get(INTEROP_IFD, {})))
        for holder, pointer, directory in pointers:
            holder.pop(pointer, None)
            if directory:
                holder[pointer] = self._pointer(0)
        data = b""
        place = start + self._length(main)
        for holder, pointer, directory in reversed(pointers):  # the innermost first
            if directory:
                holder[pointer] = self._pointer(place)
                data += self._directory(place, directory)
                place = start + self._length(main) + len(data)
        return self._directory(start, main) + data

    def _pointer(self, place: int) -> Tag:
        type_ = _IFD8 if self.big else _LONG
        return Tag(type_, 1, struct.pack(self.order + self.word, place))

    def _length(self, directory: Directory) -> int:
        return len(self._directory(0, directory))

    def _directory(self, start: int, directory: Directory) -> bytes:
        count, size = ("Q", 20) if self.big else ("H", 12)
        entries = struct.pack(self.order + count, len(directory))
        place = start + len(entries) + size * len(directory) + self.inline
        values = bytearray()
        for number, tag in sorted(directory.items()):
            entries += struct.pack(self.order + "HH" + self.word, number, tag.type, tag.count)
            if len(tag.data) <= self.inline:
                entries += tag.data.ljust(self.inline, b"\0")
            else:
                entries += struct.pack(self.order + self.word, place + len(values))
                values += tag.data + b"\0" * (len(tag.data) % 2)
        return entries + bytes(self.inline) + bytes(values)


def _swapped(tag: Tag, number: int) -> Tag:
    """Turn a value's bytes to the other order."""
    unit, start = {5: 4, 10: 4}.get(tag.type, _SIZES[tag.type]), 0
    if number == _USER_COMMENT and tag.data.startswith(b"UNICODE\0"):
        unit, start = 2, 8  # letters of two bytes, in the file's order though no type says so
    swapped = [tag.data[i : i + unit][::-1] for i in range(start, len(tag.data), unit)]
    return Tag(tag.type, tag.count, tag.data[:start] + b"".join(swapped))
