"""Putting colours right on the live page, in a real headless Chromium: by hand, and kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from support.chromium import needs_chromium
from support.touch_up import click, hints_of, photo_path, pins, point_at, say_color, seen_at, swatch

pytestmark = needs_chromium


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


def test_the_photos_page_has_what_was_just_done(visit):
    with visit() as page:
        path = photo_path(page)
        click(page, 0.3, 0.3)
        say_color(page, "#203060")
        page.get_by_role("link", name="Done, with 1 correction").click()
        page.wait_for_url(path)
        expect(page.get_by_text("with 1 correction")).to_be_visible()


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
