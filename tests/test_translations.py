"""Every message has its Korean."""

from __future__ import annotations

import io

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from colorizer.places import root

FOLDER = root() / "translations" / "ko" / "LC_MESSAGES"


def catalog():
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="ko")


def test_every_message_is_translated():
    with (root() / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = DEFAULT_KEYWORDS | {"lazy_gettext": None}
    wanted = {
        message
        for _, _, message, _, _ in extract_from_dir(root(), methods, options, keywords=keywords)
    }
    assert len(wanted) > 100
    translated = {message.id for message in catalog() if message.string and not message.fuzzy}
    assert wanted - translated == set()


def test_translations_keep_their_places():
    errors = [(m.id, str(e)) for m in catalog() for e in m.check()]
    assert errors == []


def test_what_is_compiled_is_what_is_written():
    compiled = io.BytesIO()
    write_mo(compiled, catalog())
    compiled.seek(0)
    with (FOLDER / "messages.mo").open("rb") as file:
        assert {str(m.id): m.string for m in read_mo(file)} == {
            str(m.id): m.string for m in read_mo(compiled)
        }
