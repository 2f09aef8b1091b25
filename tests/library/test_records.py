from __future__ import annotations

import dataclasses
import json

import pytest
from support import records

from colorizer.library.records import Record, RecordError

RECORD = dataclasses.replace(
    records.RECORD, id="x" * 22, created="2026-01-02T03:04:05.678901+00:00", render_factor=20
)
FIELDS = dataclasses.asdict(RECORD)


def changed(**changes):
    return json.dumps(FIELDS | {"version": 1} | changes)


def test_a_record_comes_back_as_it_was():
    text = RECORD.to_json()
    assert json.loads(text)["version"] == 1
    assert "할머니" in text
    assert Record.from_json(text) == Record.from_json(text.encode()) == RECORD


def test_the_first_release_wrote_no_version():
    assert Record.from_json(json.dumps(FIELDS)) == RECORD


def test_what_a_record_says_of_its_files():
    assert RECORD.result_kind == "JPEG"
    assert RECORD.prediction == "artistic-35.npz"


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"id": "x',
        b"\xff\xfe\xfd",
        "[" * 100_000,
        "null",
        "[]",
        changed(version=2),
        changed(version="1"),
        changed(hints=[]),
        changed(requested_model=3),
        changed(name=None),
        changed(width="3"),
        changed(strength=True),
        changed(seconds="1.25"),
        changed(keep_gps=1),
        changed(created="yesterday"),
        changed(created="2026-01-02T03:04:05"),
        changed(result="../../other/result.jpg"),
        changed(original="original"),
        changed(original="result.jpg"),
        changed(original="original.jpg\0.png"),
        changed(result="result.heic"),  # which is read here, and not written
        changed(result="before.webp"),
        changed(model="../../../etc/passwd"),
        changed(model=""),
        changed(strength=101),
        changed(width=0),
        changed(height=-1),
        changed(pages=1 << 40),
        changed(render_factor=0),
        changed(seconds=float("nan")),
        changed(seconds=float("inf")),
        changed(seconds=10**400),
        changed(created="9999-12-31T23:59:59+00:00"),
        changed(created="0001-01-01T00:00:00+00:00"),
        changed(name="\ud800"),
        changed(owner="\ud800"),
        RECORD.to_json().encode().replace("할".encode(), b"\xff\xfe\xfd"),
        *(json.dumps({k: v for k, v in FIELDS.items() if k != name}) for name in ("id", "seconds")),
    ],
)
def test_what_is_no_record_of_this_release_is_refused(text):
    with pytest.raises(RecordError):
        Record.from_json(text)


def test_what_would_end_a_headers_line_goes_from_a_name():
    assert Record.from_json(changed(name="a\r\nb\u2028.jpg")).name == "ab.jpg"
