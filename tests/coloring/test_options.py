"""The options: how texts are read, and that every front door has them all."""

from __future__ import annotations

import re

import pytest

from colorizer.coloring.options import OPTIONS, RESULT_OPTIONS, Number, Options
from colorizer.commands.colorize import colorize
from colorizer.errors import OptionError
from colorizer.places import root
from colorizer.settings import MODELS


def test_texts_are_read_and_what_is_not_given_has_its_default():
    texts = {"render_factor": " 9 ", "strength": "", "format": "TIFF", "keep_gps": "y", "x": "?"}
    read = Options.parse(texts, strength=40)
    assert read == Options(None, 9, 40, "TIFF", None, True)
    assert Options.parse({"format": "jpeg", "model": "stable"}) == Options(
        model="stable", format="JPEG"
    )
    assert Options.parse({}) == Options(None, 35, 100, None, None, False)


@pytest.mark.parametrize("text", ["0", "false", "No", "off", " "])
def test_a_switch_is_off_in_many_words(text):
    assert not Options.parse({"keep_gps": text}).keep_gps


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("render_factor", "6", "from 7 to 45"),
        ("render_factor", "46", "from 7 to 45"),
        ("render_factor", "-9", "from 7 to 45"),
        ("render_factor", "9.5", "from 7 to 45"),
        ("render_factor", "٩", "from 7 to 45"),  # a digit, but no ASCII one
        ("render_factor", "9" * 5000, "from 7 to 45"),
        ("strength", "101", "from 0 to 100"),
        ("strength", "full", "from 0 to 100"),
        ("format", "bmp", "jpeg, png, tiff, webp, avif"),
    ],
)
def test_a_bad_text_is_an_error_that_says_what_it_takes(name, text, says):
    with pytest.raises(OptionError, match=says):
        Options.parse({name: text})


@pytest.mark.parametrize("wrong", [{"render_factor": 6}, {"strength": -1}, {"format": "jpeg"}])
def test_no_options_have_a_bad_value(wrong):
    with pytest.raises(OptionError):
        Options(**wrong)


@pytest.fixture
def specification(client):
    return client.get("/api/v1/openapi.json").json["paths"]


def fields_of(specification, path):
    upload = specification[path]["post"]["requestBody"]["content"]
    return upload["multipart/form-data"]["schema"]["properties"]


def test_every_option_is_in_the_specification_with_its_limits(specification):
    photos = fields_of(specification, "/api/v1/photos")
    films = fields_of(specification, "/api/v1/videos")
    assert set(photos) == {"file", "hints", *OPTIONS} - {"codec"}
    assert set(films) == {"file", *OPTIONS} - {"format"}
    fields = films | photos
    for name, option in OPTIONS.items():
        assert fields[name]["description"] == option.help
        if isinstance(option, Number):
            assert (fields[name]["minimum"], fields[name]["maximum"]) == (option.low, option.high)
    assert fields["model"]["enum"] == list(MODELS)
    result = specification["/api/v1/photos/{id}/result"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in result}
    for name in RESULT_OPTIONS:
        assert schemas[name] == fields[name]


def test_every_option_is_in_the_form_with_its_limits(client):
    page = client.get("/").text
    for name, option in OPTIONS.items():
        (control,) = re.findall(rf'<(?:input|select)[^>]*\bname="{name}"[^>]*>', page)
        assert option.label in page
        if isinstance(option, Number):
            assert f'min="{option.low}"' in control
            assert f'max="{option.high}"' in control


def test_every_option_is_on_the_command_line():
    there = {parameter.name: parameter for parameter in colorize.params}
    for name, option in OPTIONS.items():
        assert there[name].opts == [f"--{name.replace('_', '-')}"]
        assert there[name].help == option.help


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_every_option_is_documented(readme):
    text = (root() / readme).read_text(encoding="utf-8")
    names = [f"`{name}`" for name in OPTIONS]
    flags = [f"`--{name.replace('_', '-')}`" for name in OPTIONS]
    assert [word for word in names + flags if word not in text] == []
