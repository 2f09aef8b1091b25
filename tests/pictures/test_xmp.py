"""XMP is read within bounds, keeps what it says, and fits into a JPEG."""

from __future__ import annotations

import io

import pytest
from support.metadata import GENERATOR, exiftool, needs_exiftool, packet, result
from support.pictures import decode_photo

from colorizer.pictures.formats import WRITABLE
from colorizer.pictures.metadata import SOURCE_TYPE

DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
PS = 'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
OWN = 'xmlns:p="urn:p"'
KOREAN = packet(f'{PS} photoshop:City="서울"').decode()
ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + KOREAN.replace("서울", "&a;")


def xmp_of(data):
    return decode_photo(data).about.xmp


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_every_encoding_of_a_packet_is_read_and_none_hides_a_document_type(encoding):
    name = encoding[:6].upper()
    for begin in ("", f'<?xml version="1.0" encoding="{name}"?>', '<?xpacket begin="\ufeff"?>'):
        text = begin + KOREAN + " " * 50 + '<?xpacket end="w"?>\n\0'
        assert "서울".encode() in xmp_of(result(xmp=text.encode(encoding)))
    left = xmp_of(result(xmp=ENTITY.encode(encoding)))
    assert b"City" not in left
    assert SOURCE_TYPE.encode() in left


@pytest.mark.parametrize(
    "bad",
    [
        packet(f'{OWN} p:q="aaaa"', "<p:a>" * 1500 + "</p:a>" * 1500),
        packet(f'{OWN} p:q="aaaa"', "<p:a>" * 150 + "</p:a>" * 150),
        packet(f'{OWN} p:q="aaaa"', "<p:a/>" * 50_000),
        packet(f'{OWN} p:q="aaaa" ' + " ".join(f'p:b{i}=""' for i in range(1_001))),
        packet(f'{OWN} p:q="aaaa" ' + " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(1_001))),
        packet(f'{OWN} p:q="aaaa"', "<p:a>" + "a" * (4 << 20) + "</p:a>"),
        packet(f'{OWN} p:q="aaaa"')[:-5],
        packet(f'{OWN} p:q="aaaa\x01"'),
        packet(f'{OWN} p:q="aaaa"').replace(b"22-rdf", b"21-rdf"),
    ],
    ids=[
        "deep",
        "rather deep",
        "many",
        "wide",
        "names",
        "long",
        "cut off",
        "letters XML lacks",
        "no RDF",
    ],
)
def test_xmp_that_is_damaged_or_would_take_time_or_memory_is_left_out(bad):
    xmp = xmp_of(result(xmp=bad))
    assert b"aaaa" not in xmp
    assert SOURCE_TYPE.encode() in xmp


@needs_exiftool
@pytest.mark.parametrize("kind", WRITABLE)
def test_line_breaks_stay_in_attributes_and_elements(kind, tmp_path):
    text = "Front: Grandmother&#10;Back:&#9;Busan&#13;1951"
    xmp = packet(
        f'{PS} {DC} photoshop:Instructions="{text}"', f"<photoshop:City>{text}</photoshop:City>"
    )
    told = exiftool(result(kind, xmp=xmp), kind, tmp_path)
    right = "Front: Grandmother\nBack:\tBusan\r1951"
    assert told["XMP-photoshop:Instructions"] == right
    assert told["XMP-photoshop:City"] == right


LONG = "opened; " * 9_000
SEVERAL = " ".join(f'photoshop:Own{i}="{i} {"x" * 3000}"' for i in range(40))


@needs_exiftool
@pytest.mark.parametrize(
    "xmp",
    [
        packet(f'{PS} {DC} photoshop:City="Busan" photoshop:History="{LONG}"'),
        packet(
            f'{PS} {DC} photoshop:City="Busan"', f"<photoshop:History>{LONG}</photoshop:History>"
        ),
        packet(f'{PS} {DC} photoshop:City="Busan" photoshop:History="{"ö" * 33_000}"'),
        packet(f'{PS} {DC} photoshop:City="Busan" photoshop:History="x" {SEVERAL}'),
        packet(
            f'{PS} {OWN} photoshop:City="Busan" photoshop:History="x"',
            "".join(f"<p:a{i}>{i}</p:a{i}>" for i in range(9_000)),
        ),
        packet(
            f'{PS} {OWN} photoshop:City="Busan" photoshop:History="x" '
            + " ".join(f'xmlns:n{i}="urn:{"u" * 60}:{i}"' for i in range(800)),
            "".join(f"<n{i}:a/>" for i in range(800)),
        ),
    ],
    ids=["attribute", "element", "letters of two bytes", "several", "thousands", "names"],
)
def test_xmp_longer_than_a_jpegs_segment_goes_on_in_others(xmp, tmp_path):
    data = result("JPEG", xmp=xmp)
    told = exiftool(data, "JPEG", tmp_path)
    assert told["XMP-photoshop:City"] == "Busan"
    history = told["XMP-photoshop:History"]
    assert str(history) in ("x", LONG, LONG.strip(), "ö" * 33_000)
    assert told["XMP-xmpNote:HasExtendedXMP"]
    assert not [name for name in told if "Warning" in name]
    # The mark is in the first part, for those who read no other.
    about = decode_photo(data).about
    assert SOURCE_TYPE.encode() in about.xmp
    assert GENERATOR.encode() in about.xmp
    # It goes over into other kinds whole, and into a JPEG once more.
    again = decode_photo(data)
    for kind in ("PNG", "JPEG"):
        told = exiftool(result(kind, **vars_of(again.about)), kind, tmp_path)
        assert told["XMP-photoshop:History"] == history
        assert told["XMP-photoshop:City"] == "Busan"
        assert ("XMP-xmpNote:HasExtendedXMP" in told) == (kind == "JPEG")


def vars_of(about):
    return {"xmp": about.xmp, "xmp_extension": about.xmp_extension}


def test_extended_xmp_is_read_only_whole():
    xmp = packet(f'{PS} photoshop:City="Busan"', f"<photoshop:History>{LONG}</photoshop:History>")
    data = result("JPEG", xmp=xmp)
    head = b"http://ns.adobe.com/xmp/extension/\0"
    starts = [i for i in range(len(data)) if data.startswith(head, i)]
    assert len(starts) == 2
    extension = decode_photo(data).about.xmp_extension
    assert LONG.encode() in extension
    first, second = (
        (start - 4, start - 2 + int.from_bytes(data[start - 2 : start], "big")) for start in starts
    )
    parts = (data[slice(*first)], data[slice(*second)])
    assert first[1] == second[0]
    swapped = data[: first[0]] + parts[1] + parts[0] + data[second[1] :]
    assert decode_photo(swapped).about.xmp_extension == extension
    missing = data[: first[0]] + data[first[1] :]
    other = bytearray(data)
    other[second[1] - 500] ^= 1
    for bad in (missing, bytes(other)):
        about = decode_photo(bad).about
        assert about.xmp_extension is None
        assert b"Busan" in about.xmp
        assert b"Busan" in xmp_of(result(**vars_of(about)))


def test_a_packet_with_more_around_its_rdf_loses_that():
    xmp = packet(f'{PS} photoshop:City="Busan"').replace(
        b"</x:xmpmeta>",
        b'<e:x xmlns:e="http://ns.adobe.com/exif/1.0/" e:GPSLatitude="1"/></x:xmpmeta>',
    )
    left = xmp_of(result(xmp=xmp))
    assert b"Busan" in left
    assert b"GPS" not in left


def test_what_is_written_can_be_read_again():
    for kind in WRITABLE:
        data = result(kind, xmp=KOREAN.encode())
        assert "서울" in decode_photo(data).about.xmp.decode()
        assert decode_photo(io.BytesIO(data).getvalue()).width == 60
