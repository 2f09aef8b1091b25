"""What the page shows where colours are put right, in a real headless Chromium."""

from __future__ import annotations

import pytest
import pyvips
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from support.chromium import needs_chromium
from support.pictures import scene
from support.touch_up import click, hints_of, pins, point_at, say_color, seen_at, swatch

pytestmark = needs_chromium

RIGHT_TO_LEFT = 6  # EXIF: the stored picture's top is the upright one's right side


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found]


def test_the_editor_and_its_place_are_in_sight(visit):
    for width in (1280, 390):
        with visit(scene(1800, 900), viewport={"width": width, "height": 844}) as page:
            for x in (0.05, 0.5, 0.95):
                click(page, x, 0.5)
                expect(swatch(page, "navy")).to_be_visible()
                editor = page.get_by_role("dialog").bounding_box()
                left, top = point_at(page, x, 0.5)
                inside_x = editor["x"] <= left <= editor["x"] + editor["width"]
                assert not (inside_x and editor["y"] <= top <= editor["y"] + editor["height"])
                assert editor["x"] >= 0
                assert editor["x"] + editor["width"] <= page.evaluate("document.body.clientWidth")
                page.keyboard.press("Escape")


def test_the_place_is_right_on_a_turned_photo_at_any_size(visit):
    stored = scene(600, 400, seed=3)
    stored.getexif()[0x0112] = RIGHT_TO_LEFT
    options = {"viewport": {"width": 900, "height": 700}, "device_scale_factor": 2}
    with visit(stored, **options) as page:
        box = page.locator("#touch-picture").bounding_box()
        assert box["width"] / box["height"] == pytest.approx(400 / 600, rel=0.01)
        click(page, 0.7, 0.2)
        say_color(page, "#1f2f5f")
        (hint,) = hints_of(page)
        assert (hint["x"], hint["y"]) == pytest.approx((0.7, 0.2), abs=0.005)
        red, _, blue = seen_at(page, 0.76, 0.2)
        assert blue > red + 20
        page.set_viewport_size({"width": 500, "height": 900})
        wanted = point_at(page, hint["x"], hint["y"])
        pin = pins(page).bounding_box()
        middle = pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2
        assert middle == pytest.approx(wanted, abs=1)
        click(page, 0.2, 0.8)
        say_color(page, "#7a1f1f")
        second = hints_of(page)[1]
        assert (second["x"], second["y"]) == pytest.approx((0.2, 0.8), abs=0.01)


def test_at_full_size_a_click_is_a_hint_and_the_photos_own_pixels_are_shown(visit):
    picture = scene(1800, 1300, seed=3)
    with visit(picture, viewport={"width": 1000, "height": 700}) as page:
        page.locator(".touch-tools").get_by_text("100%").click()
        stage = page.locator("#touch-stage").bounding_box()
        assert page.locator("#touch-picture").bounding_box()["width"] == 1800
        page.mouse.move(stage["x"] + 300, stage["y"] + 300)
        page.mouse.down()
        page.mouse.move(stage["x"] + 250, stage["y"] + 200, steps=4)
        page.mouse.up()
        expect(page.get_by_role("dialog")).to_be_hidden()
        at = page.locator("#touch-stage").evaluate("s => [s.scrollLeft, s.scrollTop]")
        page.mouse.click(stage["x"] + 200, stage["y"] + 100)
        say_color(page, "#1f2f5f")
        (hint,) = hints_of(page)
        wanted = (at[0] + 200) / 1800, (at[1] + 100) / 1300
        assert (hint["x"], hint["y"]) == pytest.approx(wanted, abs=0.002)
        piece = page.locator("#touch-pieces img:not([hidden])").first
        expect(piece).to_have_js_property("naturalWidth", 1024)
        assert "version=1" in piece.get_attribute("src")


def test_a_photo_with_a_profile_of_its_own_is_painted_by_the_server(visit):
    profile = bytes(pyvips.Operation.call("profile_load", "p3"))
    with visit(profile=profile) as page:
        before = seen_at(page, 0.38, 0.6)
        click(page, 0.3, 0.6)
        say_color(page, "#1f2f5f")
        hints_of(page)
        asked = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
        assert not any(name.endswith("/guess") for name in asked)
        after = seen_at(page, 0.38, 0.6)
        assert after[2] - after[0] > before[2] - before[0] + 20


def test_the_guess_is_seen_while_a_button_is_held(visit):
    with visit() as page:
        before = seen_at(page, 0.33, 0.6)
        click(page, 0.3, 0.6)
        say_color(page, "#1f2f5f")
        after = seen_at(page, 0.33, 0.6)
        button = page.get_by_role("button", name="Hold to see it before")
        button.focus()
        page.keyboard.down("Enter")
        expect(page.locator("#touch-guessed")).to_be_visible()
        held = seen_at(page, 0.33, 0.6)
        page.keyboard.up("Enter")
        expect(page.locator("#touch-guessed")).to_be_hidden()
        assert held == pytest.approx(before, abs=6)
        assert abs(after - before).max() > 20


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(visit, theme, width):
    with visit(color_scheme=theme, viewport={"width": width, "height": 900}) as page:
        click(page, 0.3, 0.3)
        swatch(page, "navy").click()
        assert violations(page) == []
        page.keyboard.press("Escape")
        assert violations(page) == []
        pin = pins(page).bounding_box()
        assert min(pin["width"], pin["height"]) >= 24
