"""IPTC is found however a file wraps it, and goes whole into files that can't hold it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from support.metadata import (
    colored,
    dataset,
    exiftool,
    jpeg,
    needs_exiftool,
    packet,
    resource,
    result,
)
from support.pictures import decode_photo, encode_photo, scene

from colorizer.pictures.iptc import list_properties, read_datasets

UTF8 = dataset(1, 90, b"\x1b%G")
WORDS = UTF8 + dataset(2, 80, "Otto") + dataset(2, 120, "항구") + dataset(2, 105, "The harbour")
SHORT = UTF8 + dataset(2, 80, "Otto") + dataset(2, 120, "항구")
MAIN = b"Photoshop 3.0\0"

# Each field of IPTC's mapping to XMP: its number, what it says, the property and what that says.
MAPPING = [
    (4, "001:Current", "iptcCore:IntellectualGenre", "Current"),
    (5, "제목", "dc:Title", "제목"),
    (10, "5", "photoshop:Urgency", 5),
    (12, "IPTC:01002000:arts:archaeology", "iptcCore:SubjectCode", "01002000"),
    (15, "HIS", "photoshop:Category", "HIS"),
    (20, "harbours", "photoshop:SupplementalCategories", "harbours"),
    (25, "family", "dc:Subject", "family"),
    (40, "Negative box 12", "photoshop:Instructions", "Negative box 12"),
    (55, "19380501", "photoshop:DateCreated", "1938:05:01 12:30:00+09:00"),
    (60, "123000+0900", None, None),
    (62, "20040102", "xmp:CreateDate", "2004:01:02 03:04:05"),
    (63, "030405", None, None),
    (80, "Otto", "dc:Creator", "Otto"),
    (85, "Town clerk", "photoshop:AuthorsPosition", "Town clerk"),
    (90, "부산", "photoshop:City", "부산"),
    (92, "Pier 1", "iptcCore:Location", "Pier 1"),
    (95, "Gyeongnam", "photoshop:State", "Gyeongnam"),
    (100, "KOR", "iptcCore:CountryCode", "KOR"),
    (101, "Korea", "photoshop:Country", "Korea"),
    (103, "TA-1938", "photoshop:TransmissionReference", "TA-1938"),
    (105, "The harbour opens", "photoshop:Headline", "The harbour opens"),
    (110, "Town archive", "photoshop:Credit", "Town archive"),
    (115, "Estate of Otto", "photoshop:Source", "Estate of Otto"),
    (116, "© Otto", "dc:Rights", "© Otto"),
    (118, "Harbour Road 1", "iptcCore:CreatorAddress", "Harbour Road 1"),
    (120, "항구", "dc:Description", "항구"),
    (122, "Anna", "photoshop:CaptionWriter", "Anna"),
    (135, "ko", "dc:Language", "ko"),
]
EVERYTHING = UTF8 + b"".join(dataset(2, number, value) for number, value, _, _ in MAPPING)


@needs_exiftool
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_all_of_the_mapping_goes_into_xmp_where_iptc_can_not(kind, tmp_path):
    photo = decode_photo(jpeg((0xED, MAIN + resource(0x0404, EVERYTHING))))
    told = exiftool(encode_photo(colored(photo), kind), kind, tmp_path)
    for _, _, name, value in MAPPING:
        if name:
            assert told[f"XMP-{name}"] == value
    assert not [name for name in told if "Warning" in name]


@needs_exiftool
def test_xmp_wins_over_iptc_and_several_values_stay_several(tmp_path):
    names = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    xmp = packet(
        f'{names} photoshop:City="Seoul" photoshop:Headline=""',
        "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'/></rdf:Alt></dc:description>",
    )
    iptc = WORDS + dataset(2, 90, "Busan") + b"".join(dataset(2, 25, w) for w in "abc")
    told = exiftool(result("PNG", xmp=xmp, iptc=iptc), "PNG", tmp_path)
    assert told["XMP-photoshop:City"] == "Seoul"
    assert told["XMP-photoshop:Headline"] == "The harbour"  # an empty property says nothing
    assert told["XMP-dc:Description"] == "항구"
    assert told["XMP-dc:Subject"] == ["a", "b", "c"]


def tiff_with(type_, value, order):
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        np.asarray(scene(60, 40)),
        photometric="rgb",
        byteorder=order,
        metadata=None,
        extratags=[value] if type_ is None else [(33723, type_, len(value), value, True)],
    )
    return buffer.getvalue()


def words_of(data):
    return [d.value.decode() for d in read_datasets(data, keep_gps=True) if d.record == 2]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("form", ["LONG", "LONG, words swapped", "BYTE", "UNDEFINED", "resource"])
def test_iptc_in_a_tiff_of_any_type_and_byte_order(form, order):
    padded = WORDS + b"\0" * (-len(WORDS) % 4)
    if form.startswith("LONG"):
        as_read = order if form == "LONG" else {"<": ">", ">": "<"}[order]
        longs = [int(n) for n in np.frombuffer(padded, as_read + "u4")]
        data = tiff_with("I", longs, order)
    elif form == "resource":
        body = resource(0x0421, b"abc") + resource(0x0404, WORDS)
        data = tiff_with(None, (34377, "B", len(body), body, True), order)
    else:
        number = {"BYTE": 1, "UNDEFINED": 7}[form]
        data = tiff_with(None, (33723, number, len(padded), padded, True), order)
    assert words_of(decode_photo(data).about.iptc) == ["Otto", "항구", "The harbour"]


@needs_exiftool
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_iptc_is_written_as_it_was_in_one_segment_or_several(kind, tmp_path):
    for words in (WORDS, EVERYTHING + dataset(2, 40, "x" * 2000) * 50):
        told = exiftool(result(kind, iptc=words), kind, tmp_path)
        assert told["IPTC:By-line"] == "Otto"
        assert told["IPTC:Caption-Abstract"] == "항구"
        assert not [name for name in told if "Warning" in name]
        again = read_datasets(decode_photo(result(kind, iptc=words)).about.iptc, keep_gps=True)
        assert b"".join(d.whole for d in again) == words


@pytest.mark.parametrize(
    "resources",
    [
        resource(0x0404, WORDS),
        resource(0x03ED, b"x" * 16) + resource(0x0404, WORDS),
        resource(0x0BB7, b"abc", b"MeSa") + resource(0x0404, WORDS),
        resource(0x03E9, b"abc")[:-1] + resource(0x0404, WORDS),
        resource(0x03E9, b"ab", name=b"\x05clips") + resource(0x0404, WORDS),
        resource(0x03E9, b"ab")[:8] + b"\xff" * 6 + resource(0x0404, WORDS),
        resource(0x0404, b"") + resource(0x0404, WORDS),
        b"junk" + resource(0x0404, WORDS),
    ],
    ids=["alone", "second", "MeSa", "not padded", "named", "broken", "empty", "junk"],
)
def test_resources_of_photoshop_are_walked_through_whatever_they_are(resources):
    data = jpeg((0xED, MAIN + resources))
    assert words_of(decode_photo(data).about.iptc) == ["Otto", "항구", "The harbour"]
    cut = len(MAIN + resources) // 2
    parts = [(0xED, MAIN + part) for part in (resources[:cut], resources[cut:])]
    assert words_of(decode_photo(jpeg(*parts)).about.iptc) == ["Otto", "항구", "The harbour"]


def test_a_damaged_dataset_ends_them_and_an_extended_one_is_read():
    long = b"\x1c\x02\x78\x80\x04" + (40_000).to_bytes(4, "big") + b"x" * 40_000
    assert words_of(long + dataset(2, 80, "Otto")) == ["x" * 40_000, "Otto"]
    for bad in (b"\x1c\x02\x78\x90\x00", b"\x1c\x02\x78\xff\xff", b"\x1c\x02\x78\x70\0", b"\x1c"):
        assert words_of(SHORT + bad) == ["Otto", "항구"]
    assert len(read_datasets(dataset(2, 25, "") * 1_000_000, keep_gps=True)) < 100_000


def caption(charset, value):
    datasets = (dataset(1, 90, charset) if charset else b"") + dataset(2, 120, value)
    return [v[0] for _, _, v in list_properties(read_datasets(datasets, keep_gps=True))]


def test_captions_in_every_set_of_letters_that_is_named_or_can_be_told():
    assert caption(b"\x1b%G", "항구".encode()) == ["항구"]
    assert caption(None, "항구".encode()) == ["항구"]
    assert caption(None, "Großmutter – 1938".encode("cp1252")) == ["Großmutter – 1938"]
    assert caption(None, "Café".encode("latin-1")) == ["Café"]
    assert caption(b"\x1b.A", "Café".encode("latin-1")) == ["Café"]
    assert caption(b"\x1b-F", "Αθήνα".encode("iso8859-7")) == ["Αθήνα"]
    assert caption(b"\x1b$)C", "항구".encode("cp949")) == ["항구"]
    # Programs cut long captions by bytes.
    assert caption(b"\x1b%G", "항구".encode()[:-1]) == ["항"]
    assert caption(None, "항구".encode()[:-1]) == ["항"]


@pytest.mark.parametrize(
    ("date", "time", "right"),
    [
        ("19380501", "", "1938-05-01"),
        ("19380501", "120000+0900", "1938-05-01T12:00:00+09:00"),
        ("19380501", "120000", "1938-05-01T12:00:00"),
        ("19380501", "999999", "1938-05-01"),
        ("1938-05-01", "12:00:00", "1938-05-01T12:00:00"),
        ("19380500", "", "1938-05"),
        ("19380000", "120000", "1938"),
        ("00000000", "", None),
        ("19381301", "", None),
        ("yesterday", "", None),
    ],
)
def test_dates_as_xmp_has_them(date, time, right):
    data = dataset(2, 55, date) + dataset(2, 60, time)
    told = list(list_properties(read_datasets(data, keep_gps=True)))
    assert told == ([("photoshop:DateCreated", "", [right])] if right else [])


@needs_exiftool
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_rights_beside_iptc_go_into_xmp(kind, tmp_path):
    resources = resource(0x040A, b"\1") + resource(0x040B, b"https://example.org/rights")
    data = encode_photo(decode_photo(jpeg((0xED, MAIN + resources))), kind)
    told = exiftool(data, kind, tmp_path)
    assert told["XMP-xmpRights:Marked"] is True
    assert told["XMP-xmpRights:WebStatement"] == "https://example.org/rights"
