"""Putting colours right on the live page, in a real headless Chromium."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager

import numpy as np
import pytest
import pyvips
import requests
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect
from support.app import app_on
from support.chromium import listening, needs_chromium, opened
from support.pictures import encoded, scene

from colorizer.generators.loading import load_generator

pytestmark = needs_chromium

PICTURE = scene(600, 400, seed=3)
RIGHT_TO_LEFT = 6  # EXIF: the stored picture's top is the upright one's right side


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    app = app_on(tmp_path_factory.mktemp("touch"), load_generator("builtin"))
    with listening(app) as address:
        yield address


@pytest.fixture
def visit(chromium, server):
    """Open the page for a photo of its own, or of an earlier visit; several make several tabs."""
    visitor = requests.Session()

    @contextmanager
    def visit(picture=PICTURE, path=None, profile=None, **options):
        if path is None:
            file = encoded(picture, "JPEG", quality=95, exif=picture.getexif(), icc_profile=profile)
            answer = visitor.post(
                f"{server}/api/v1/photos", files={"file": ("aunt.jpg", file)}, timeout=120
            )
            path = answer.json()["links"]["page"]
        cookies = [
            {"name": cookie.name, "value": cookie.value, "url": server}
            for cookie in visitor.cookies
        ]
        window = {"viewport": {"width": 1280, "height": 900}}
        with opened(chromium, server, **window | options) as page:
            page.context.add_cookies(cookies)
            page.goto(f"{path}/touch-up")
            expect(page.locator("#touch")).to_have_attribute("data-ready", "")
            yield page

    with visitor:
        yield visit


def photo_path(page):
    return page.url.removesuffix("/touch-up")


def hints_of(page):
    """The hints that the server has once all is saved."""
    expect(page.locator("#touch-state")).to_have_text("Saved")
    kept = page.request.get(page.url).text()
    (data,) = re.findall(r'id="touch-up-data">(.*?)</script>', kept)
    return json.loads(data)["hints"]


def pins(page):
    return page.locator(".touch-pin")


def swatch(page, name):
    return page.locator("#touch-fitting").get_by_role("button", name=name, exact=True)


def point_at(page, x, y):
    page.locator("#touch-picture").scroll_into_view_if_needed()
    box = page.locator("#touch-picture").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def click(page, x, y):
    page.mouse.click(*point_at(page, x, y))


def say_color(page, color):
    """Say the colour of the place that is open by its number, and close it."""
    field = page.get_by_label("As a number")
    field.fill(color)
    field.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()


def seen_at(page, x, y):
    """The colour on the screen there, once the server's own picture is shown."""
    expect(page.locator("#touch")).to_have_attribute("data-picture", "settled")
    left, top = point_at(page, x, y)
    shot = page.screenshot(clip={"x": left - 2, "y": top - 2, "width": 5, "height": 5})
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).mean((0, 1))


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found]


def by_mouse(page):
    click(page, 0.3, 0.6)
    page.get_by_label("As a number").fill("#1f2f5f")
    page.get_by_label("As a number").press("Tab")
    page.get_by_role("dialog").get_by_text("Wide").click()
    page.get_by_role("button", name="Done", exact=True).click()


def by_keyboard(page):
    page.locator("#touch-aim").focus()
    for key, count in (("Shift+ArrowLeft", 5), ("ArrowLeft", 1), ("Shift+ArrowDown", 2)):
        for _ in range(count):
            page.keyboard.press(key)
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(swatch(page, "as guessed")).to_be_visible()
    press_tab_to(page, "#touch-hex")
    page.keyboard.type("#1f2f5f")
    press_tab_to(page, "[name=hint-reach]:checked")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")


def press_tab_to(page, selector):
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab doesn't reach {selector}")


def by_touch(page):
    page.touchscreen.tap(*point_at(page, 0.3, 0.6))
    page.get_by_label("As a number").fill("#1f2f5f")
    page.get_by_label("As a number").blur()
    page.get_by_role("dialog").get_by_text("Wide").tap()
    page.get_by_role("button", name="Done", exact=True).tap()


WAYS = {
    "mouse": (by_mouse, {}),
    "keyboard": (by_keyboard, {}),
    "touch": (
        by_touch,
        {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_correction_is_made(visit, way):
    correct, options = WAYS[way]
    with visit(**options) as page:
        correct(page)
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(pins(page)).to_have_count(1)
        (hint,) = hints_of(page)
        assert (hint["color"], hint["radius"]) == ("#1f2f5f", 0.5)
        assert (hint["x"], hint["y"]) == pytest.approx((0.3, 0.6), abs=0.005)
        red, _, blue = seen_at(page, 0.38, 0.6)  # beside the pin
        assert blue > red + 20
        done = page.get_by_role("link", name="with 1 correction")
        expect(done).to_have_attribute("href", re.compile("/photos/[^/]+$"))


def test_what_was_done_is_undone_and_done_again(visit):
    with visit() as page:
        undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
        expect(undo).to_be_disabled()
        click(page, 0.3, 0.3)
        swatch(page, "navy").click()
        swatch(page, "leaf").click()
        page.keyboard.press("Escape")
        pins(page).focus()
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Delete")
        expect(pins(page)).to_have_count(0)
        page.keyboard.press("Control+z")
        expect(pins(page)).to_have_accessible_name(re.compile(": leaf, at 34"))
        undo.click()
        expect(pins(page)).to_have_accessible_name(re.compile(": leaf, at 30"))
        undo.click()
        expect(pins(page)).to_have_accessible_name(re.compile(": navy, at 30"))
        page.keyboard.press("Control+z")
        expect(pins(page)).to_have_count(0)
        expect(undo).to_be_disabled()
        page.keyboard.press("Control+Shift+z")
        redo.click()
        expect(pins(page)).to_have_accessible_name(re.compile(": leaf, at 30"))
        page.get_by_role("button", name="Take all back").click()
        expect(pins(page)).to_have_count(0)
        undo.click()
        (hint,) = hints_of(page)
        assert hint["x"] == pytest.approx(0.3, abs=0.005)


def test_a_place_without_a_colour_sets_nothing(visit):
    with visit() as page:
        click(page, 0.3, 0.3)
        expect(swatch(page, "navy")).to_be_visible()
        page.get_by_role("dialog").get_by_text("Wide").click()
        page.keyboard.press("Escape")
        expect(pins(page)).to_have_count(0)
        expect(page.get_by_role("button", name="Undo")).to_be_disabled()
        expect(page.locator("#touch-aim")).to_be_focused()


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


def test_a_pin_is_dragged_and_a_drag_of_the_picture_is_no_click(visit):
    with visit() as page:
        click(page, 0.3, 0.3)
        say_color(page, "#1f2f5f")
        page.mouse.move(*point_at(page, 0.3, 0.3))
        page.mouse.down()
        page.mouse.move(*point_at(page, 0.5, 0.4), steps=4)
        page.mouse.move(*point_at(page, 0.6, 0.7), steps=4)
        page.mouse.up()
        page.mouse.move(*point_at(page, 0.2, 0.2))
        page.mouse.down()
        page.mouse.move(*point_at(page, 0.4, 0.5), steps=4)
        page.mouse.up()
        expect(page.get_by_role("dialog")).to_be_hidden()
        (hint,) = hints_of(page)
        assert (hint["x"], hint["y"]) == pytest.approx((0.6, 0.7), abs=0.005)


def test_a_hint_upon_another_takes_its_place(visit):
    with visit() as page:
        for x, color in ((0.3, "#1f2f5f"), (0.6, "#7a1f1f")):
            click(page, x, 0.5)
            say_color(page, color)
        pins(page).last.focus()
        for _ in range(8):
            page.keyboard.press("Shift+ArrowLeft")
        expect(pins(page)).to_have_count(1)
        (hint,) = hints_of(page)
        assert hint["color"] == "#7a1f1f"


def move_fingers(page, *paths):
    """Put fingers on the screen, move each along its path, and lift them."""
    screen = page.context.new_cdp_session(page)
    for step, points in enumerate(zip(*paths, strict=True)):
        kind = "touchMove" if step else "touchStart"
        touched = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_scroll_and_zoom_without_saying_anything(visit):
    options = {"viewport": {"width": 390, "height": 500}, "has_touch": True, "is_mobile": True}
    with visit(**options) as page:
        page.locator("#touch-picture").scroll_into_view_if_needed()
        start = page.evaluate("scrollY")
        x, y = point_at(page, 0.5, 0.5)
        move_fingers(page, [(x, y - way) for way in (0, 20, 60, 100)])
        page.wait_for_function("start => scrollY > start + 50", arg=start)
        x, y = point_at(page, 0.5, 0.5)
        ways = (20, 30, 50, 90)
        move_fingers(page, [(x, y - way) for way in ways], [(x, y + way) for way in ways])
        # Two fingers are the browser's everywhere, one finger too but on a pin.
        expect(page.locator("#touch-aim")).to_have_css("touch-action", "manipulation")
        page.touchscreen.tap(*point_at(page, 0.5, 0.5))
        expect(page.get_by_role("dialog")).to_be_visible()
        swatch(page, "navy").tap()
        expect(pins(page)).to_have_count(1)
        expect(pins(page)).to_have_css("touch-action", "pinch-zoom")


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


def test_another_tab_is_not_written_over(visit):
    with visit() as first, visit(path=photo_path(first)) as second:
        click(first, 0.3, 0.3)
        say_color(first, "#203060")
        hints_of(first)
        click(second, 0.7, 0.7)
        say_color(second, "#7a1f1f")
        conflict = second.get_by_role("alert")
        expect(conflict).to_contain_text("in another window")
        conflict.get_by_role("button", name="Load those").click()
        expect(conflict).to_be_hidden()
        expect(pins(second)).to_have_accessible_name(re.compile("#203060, at 30"))
        click(first, 0.7, 0.3)
        say_color(first, "#1f5f2f")
        assert len(hints_of(first)) == 2
        second.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
        expect(conflict).to_be_visible()
        conflict.get_by_role("button", name="Load those").click()
        expect(pins(second)).to_have_count(2)
        click(first, 0.5, 0.1)
        say_color(first, "#5f5f2f")
        hints_of(first)
        click(second, 0.7, 0.7)
        say_color(second, "#7a1f1f")
        conflict.get_by_role("button", name="Keep those").click()
        expect(conflict).to_be_hidden()
        assert [hint["color"] for hint in hints_of(second)] == [
            "#203060",
            "#1f5f2f",
            "#7a1f1f",
        ]


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


def test_what_was_saved_is_there_again(visit):
    with visit() as page:
        click(page, 0.3, 0.3)
        swatch(page, "as guessed").click()
        page.keyboard.press("Escape")
        hints_of(page)
        page.reload()
        expect(pins(page)).to_have_accessible_name(re.compile("Hint 1: as guessed"))


def test_colours_are_taken_from_the_photo_and_kept_under_a_name(visit):
    with visit() as page:
        click(page, 0.3, 0.3)
        say_color(page, "#7a1f1f")
        pins(page).click()
        page.get_by_label("under a name").fill("grandmother’s dress")
        page.get_by_role("button", name="Keep", exact=True).click()
        expect(page.locator("#touch-own").get_by_role("button").first).to_have_accessible_name(
            "grandmother’s dress"
        )
        page.get_by_role("button", name="From the photo").click()
        wanted = seen_at(page, 0.7, 0.7)
        click(page, 0.7, 0.7)
        expect(page.get_by_role("dialog")).to_be_visible()
        taken = page.get_by_label("As a number").input_value()
        levels = [int(taken[at : at + 2], 16) for at in (1, 3, 5)]
        assert levels == pytest.approx(list(wanted), abs=12)
        expect(pins(page)).to_have_count(1)
        page.reload()
        pins(page).click()
        expect(page.locator("#touch-own").get_by_role("button").first).to_have_accessible_name(
            "grandmother’s dress"
        )


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
