"""The kind of a file is told by its bytes."""

from __future__ import annotations

from support.formats import FILES

from colorizer.pictures.formats import find_kind


def test_the_kind_is_told_by_the_bytes():
    for data, kind, *_ in FILES.values():
        assert find_kind(data[:64]) == kind
    for data in (b"", b"P5", b"PK\x03\x04", b"\0\0\0\x18ftypisom\0\0\0\0mp41", b"RIFF    WAVE"):
        assert find_kind(data) is None
