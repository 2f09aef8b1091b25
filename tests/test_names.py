from __future__ import annotations

import unicodedata

import pytest

from colorizer.names import LONGEST, distinct_names, fit_name, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("할머니 1938.jpg", "할머니 1938.jpg"),
        (".hidden", ".hidden"),
        ('a<b>c:d"e/f\\g|h?i*j\n.jpg', "a_b_c_d_e_f_g_h_i_j_.jpg"),
        ("1938. ", "1938"),
        ("...", "_"),
        ("con.jpg", "_con.jpg"),
        ("NUL .tar.gz", "_NUL .tar.gz"),
        ("COM1", "_COM1"),
        ("lpt².png", "_lpt².png"),
        ("console.jpg", "console.jpg"),
        ("com10.jpg", "com10.jpg"),
    ],
)
def test_a_name_becomes_one_that_every_disk_takes(name, safe):
    assert safe_name(name) == safe


@pytest.mark.parametrize("letter", ["a", "é", "가", "👵"])
def test_a_long_name_is_cut_between_characters_and_keeps_its_ending(letter):
    ending = "-colorized.jpg"
    name = fit_name(letter * 300, ending)
    assert name.endswith(letter + ending)
    assert LONGEST - len(letter.encode()) < len(name.encode()) <= LONGEST
    assert fit_name(letter * 50, ending) == letter * 50 + ending


def test_what_is_cut_leaves_no_letter_without_its_accent_and_no_space_at_the_end():
    decomposed = unicodedata.normalize("NFD", "é")
    assert fit_name("x" * 250 + decomposed, ".jpg") == "x" * 250 + ".jpg"
    assert fit_name("x" * 249 + "  y" * 10, ".jpg") == "x" * 249 + ".jpg"
    assert fit_name("x", "." + "y" * 300) == "." + "y" * 300


def test_bytes_that_are_no_text_count_too():
    assert len(fit_name("\udce9" * 255, ".jpg")) < 255


def test_names_that_a_disk_takes_for_one_are_told_apart():
    korean = "할머니.jpg"
    names = ["A.jpg", "a.jpg", korean, unicodedata.normalize("NFD", korean), "b.jpg", "STRASSE"]
    names += ["straße", "a (2).jpg"]
    result = distinct_names([[name] for name in names])
    assert result[0] == "A.jpg"
    assert result[1] == "a (3).jpg"  # the second one is there
    assert result[2] == korean
    assert result[3] != names[3]
    assert result[4:6] == ["b.jpg", "STRASSE"]
    assert result[6] == "straße (2)"
    assert result[7] == "a (2).jpg"


def test_a_number_fits_into_a_long_name():
    name = "가" * 83 + ".jpg"
    result = distinct_names([[name]] * 12)
    assert len({*result}) == 12
    assert all(len(n.encode()) <= LONGEST and n.endswith(".jpg") for n in result)
    assert result[11].endswith(" (12).jpg")


def test_all_that_are_alike_take_their_next_choices():
    choices = [["a.png", "a.png"], ["a.png", "a.bmp.png"], ["b.png", "b.gif.png"]]
    assert distinct_names(choices) == ["a.png", "a.bmp.png", "b.png"]
    # A second choice may be somebody else's first one.
    others = [*choices, ["A.BMP.png", "c.png"]]
    assert distinct_names(others) == ["a.png", "a.bmp.png", "b.png", "c.png"]
    assert distinct_names([["x/a", "x/b"], ["X/A", "X/B"]]) == ["x/b", "X/B (2)"]
