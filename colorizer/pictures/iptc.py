"""IPTC's older fields (IIM): out of Photoshop's image resources, into XMP's properties, and back.

IIM is specified in https://www.iptc.org/std/IIM/4.2/specification/IIMV4.2.pdf. The packages for it
are no help: iptcinfo3 reads and writes files by name and has no bounds, the bindings of exiv2 are
under the GPL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from colorizer.pictures import facts

# Photoshop's signatures of resources, and the number of the one that is IPTC.
_SIGNATURES = (b"8BIM", b"MeSa", b"PHUT", b"DCSR", b"AgHg")
_IPTC_RESOURCE = 0x0404
_MARKED_RESOURCE, _URL_RESOURCE = 0x040A, 0x040B
_MOST_BYTES, _MOST_DATASETS = 8 << 20, 20_000

# Escape sequences of ISO 2022 that name a character set, by dataset 1:90. Where it is absent,
# texts are in UTF-8 or the Windows set of western Europe, as the Metadata Working Group has it.
_CHARSETS = {
    b"\x1b%G": "utf-8",
    b"\x1b%/G": "utf-8",
    b"\x1b%/H": "utf-8",
    b"\x1b%/I": "utf-8",
    b"\x1b-A": "latin-1",
    b"\x1b.A": "latin-1",
    b"\x1b-B": "iso8859-2",
    b"\x1b-F": "iso8859-7",
    b"\x1b-L": "iso8859-5",
    b"\x1b-M": "iso8859-9",
    b"\x1b$)A": "gbk",
    b"\x1b$)C": "cp949",
}
_CHARSET = (1, 90)

# IIM's fields as XMP properties and their containers, as IPTC's Photo Metadata Standard maps them
# (https://iptc.org/std/photometadata/specification/); contact and language aren't in it.
_PROPERTIES = {
    4: ("Iptc4xmpCore:IntellectualGenre", ""),
    5: ("dc:title", "Alt"),
    10: ("photoshop:Urgency", ""),
    12: ("Iptc4xmpCore:SubjectCode", "Bag"),
    15: ("photoshop:Category", ""),
    20: ("photoshop:SupplementalCategories", "Bag"),
    25: ("dc:subject", "Bag"),
    40: ("photoshop:Instructions", ""),
    55: ("photoshop:DateCreated", ""),
    62: ("xmp:CreateDate", ""),
    80: ("dc:creator", "Seq"),
    85: ("photoshop:AuthorsPosition", ""),
    90: ("photoshop:City", ""),
    92: ("Iptc4xmpCore:Location", ""),
    95: ("photoshop:State", ""),
    100: ("Iptc4xmpCore:CountryCode", ""),
    101: ("photoshop:Country", ""),
    103: ("photoshop:TransmissionReference", ""),
    105: ("photoshop:Headline", ""),
    110: ("photoshop:Credit", ""),
    115: ("photoshop:Source", ""),
    116: ("dc:rights", "Alt"),
    118: ("Iptc4xmpCore:CreatorContactInfo", "Iptc4xmpCore:CiAdrExtadr"),
    120: ("dc:description", "Alt"),
    122: ("photoshop:CaptionWriter", ""),
    135: ("dc:language", "Bag"),
}
_TIMES = {55: 60, 62: 63}  # the dates' times
_DATE = re.compile(r"(\d{4})-?(0\d|1[0-2])-?([0-2]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)(?:([+-]\d\d):?([0-5]\d))?")


@dataclass(frozen=True)
class Dataset:
    """A value: its record, its number there, its bytes, and these with what stands before them."""

    record: int
    number: int
    value: bytes
    whole: bytes


def read_datasets(data: bytes | None, *, keep_gps: bool) -> list[Dataset]:
    """Read what a file has of IPTC, without what is no longer true or not to be told.

    Parameters
    ----------
    data
        Datasets, Photoshop's image resources, or either with the bytes of each word swapped, as
        programs write them that take tag 33723 of a TIFF for numbers.
    keep_gps
        Whether keywords that tell a place by its coordinates may stay.
    """
    found = _find_datasets(data or b"")
    charset = _charset(found)
    return [
        dataset
        for dataset in found
        if not facts.is_stale_dataset(dataset.record, dataset.number)
        and (keep_gps or not facts.tells_place(_text(dataset.value, charset)))
    ]


def has_datasets(data: bytes | None) -> bool:
    """Tell whether there is any IPTC in what a file has of it."""
    return bool(_find_datasets(data or b""))


def join_datasets(datasets: Iterable[Dataset]) -> bytes:
    """Write datasets, byte for byte as they were."""
    return b"".join(dataset.whole for dataset in datasets)


def wrap_datasets(data: bytes) -> bytes:
    """Wrap datasets as a JPEG holds them: an image resource of Photoshop's."""
    size = len(data).to_bytes(4, "big")
    return (
        b"8BIM"
        + _IPTC_RESOURCE.to_bytes(2, "big")
        + b"\0\0"
        + size
        + data
        + b"\0" * (len(data) % 2)
    )


def list_properties(datasets: Iterable[Dataset]) -> Iterator[tuple[str, str, list[str]]]:
    """Give datasets as XMP's properties: the name, the container, the values."""
    datasets = list(datasets)
    charset = _charset(datasets)
    texts: dict[int, list[str]] = {}
    for dataset in datasets:
        if dataset.record == 2:
            texts.setdefault(dataset.number, []).append(_text(dataset.value, charset))
    for number, (name, container) in _PROPERTIES.items():
        values = texts.get(number, [])
        if number in _TIMES:
            times = texts.get(_TIMES[number], [""])
            values = [date for value in values[:1] if (date := _date(value, times[0]))]
        elif number == 4:  # "001:Current"
            values = [value.split(":", 1)[-1] for value in values]
        elif number == 12:  # "IPTC:01002000:…"
            values = [value.split(":")[1] if ":" in value else value for value in values]
        if values:
            yield name, container, values


def list_rights(data: bytes | None) -> Iterator[tuple[str, str, list[str]]]:
    """Give what Photoshop's resources say of rights beside IPTC, as `list_properties` does."""
    for number, body in _resources((data or b"")[:_MOST_BYTES]):
        if number == _MARKED_RESOURCE and body[:1] == b"\1":
            yield "xmpRights:Marked", "", ["True"]
        elif number == _URL_RESOURCE:
            yield "xmpRights:WebStatement", "", [decode_text(body)]


def decode_text(data: bytes) -> str:
    """Decode a text that names no character set."""
    return _text(data, "")


def _find_datasets(data: bytes) -> list[Dataset]:
    if len(data) > _MOST_BYTES:
        return []
    for form in (data, _swapped(data)):
        bare = form.lstrip(b"\0")
        if bare.startswith(b"\x1c"):
            bodies = iter([bare])
        else:
            bodies = (body for number, body in _resources(form) if number == _IPTC_RESOURCE)
        found = next((sets for body in bodies if (sets := list(_datasets(body)))), [])
        if found:
            return found
    return []


def _datasets(data: bytes) -> Iterator[Dataset]:
    """Walk through datasets as far as they are sound."""
    place = 0
    for _ in range(_MOST_DATASETS):
        if data[place : place + 1] != b"\x1c" or place + 5 > len(data):
            return
        size, start = int.from_bytes(data[place + 3 : place + 5], "big"), place + 5
        if size & 0x8000:  # An extended dataset: this is how many bytes its length has.
            start += size & 0x7FFF
            size = (
                int.from_bytes(data[place + 5 : start], "big") if start - place <= 13 else len(data)
            )
        if start + size > len(data):
            return
        value = data[start : start + size]
        yield Dataset(data[place + 1], data[place + 2], value, data[place : start + size])
        place = start + size


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk through Photoshop's image resources; behind a damaged one, from the next on."""
    place = data.find(b"8BIM")
    while 0 <= place and place + 12 <= len(data):
        size_at = place + 6 + (data[place + 6] + 2) // 2 * 2
        start = size_at + 4
        end = start + int.from_bytes(data[size_at:start], "big")
        if end > len(data):
            place = data.find(b"8BIM", place + 4)
            continue
        yield int.from_bytes(data[place + 4 : place + 6], "big"), data[start:end]
        place = end + (end - start) % 2
        if data[place : place + 4] not in _SIGNATURES:  # Some programs don't pad odd lengths.
            place = data.find(b"8BIM", end)


def _swapped(data: bytes) -> bytes:
    """Swap the bytes of each word of four."""
    data = data[: len(data) // 4 * 4]
    swapped = bytearray(len(data))
    for i in range(4):
        swapped[i::4] = data[3 - i :: 4]
    return bytes(swapped)


def _charset(datasets: Iterable[Dataset]) -> str:
    named = (d.value for d in datasets if (d.record, d.number) == _CHARSET)
    return _CHARSETS.get(next(named, b"").strip(), "")


def _text(value: bytes, charset: str) -> str:
    for encoding in (charset or "utf-8", "utf-8", "cp1252"):
        try:
            return value.decode(encoding)
        except UnicodeDecodeError as error:
            # Programs cut long texts by bytes, also in the middle of a letter.
            sound, cut = value[: error.start], error.reason == "unexpected end of data"
            if cut and encoding == "utf-8" and (charset == "utf-8" or not sound.isascii()):
                return sound.decode()
    return value.decode("latin-1")


def _date(date: str, time: str) -> str:
    """Write a date as XMP has it; parts that aren't known are zero in IPTC."""
    if not (found := _DATE.fullmatch(date.strip())):
        return ""
    year, month, day = found.groups()
    if month == "00" or year == "0000":
        return "" if year == "0000" else year
    if day == "00":
        return f"{year}-{month}"
    if not (found := _TIME.fullmatch(time.strip())):
        return f"{year}-{month}-{day}"
    hour, minute, second, zone, zone_minutes = found.groups()
    zone = f"{zone}:{zone_minutes}" if zone else ""
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"
