"""The photo's page in a real headless Chromium: compare, strengthen, zoom, keys, print."""

from __future__ import annotations

import re

import numpy as np
import pytest
import requests
from playwright.sync_api import expect
from support.app import app_on
from support.chromium import listening, needs_chromium, opened
from support.pictures import decoded, encoded, scene

from colorizer.generators.loading import load_generator

pytestmark = needs_chromium

SMALL = scene(900, 600)  # is shown pixel by pixel in a window of 1280 × 900
LARGE = scene(2600, 1800)  # is larger than the window, and than its preview


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    app = app_on(tmp_path_factory.mktemp("viewer"), load_generator("builtin"))
    with listening(app) as address:
        yield address


@pytest.fixture(scope="module")
def visitor():
    """Whose photos these are: the browser below has the same cookie."""
    with requests.Session() as session:
        yield session


def coloured(visitor, server, picture):
    """Colour a picture; return the path of its page."""
    files = {"file": ("grandmother.png", encoded(picture))}
    answer = visitor.post(f"{server}/api/v1/photos", files=files, timeout=120)
    return answer.json()["links"]["page"]


@pytest.fixture(scope="module")
def small(visitor, server):
    return coloured(visitor, server, SMALL)


@pytest.fixture(scope="module")
def large(visitor, server):
    return coloured(visitor, server, LARGE)


@pytest.fixture
def page(chromium, server, visitor, small):
    with opened(chromium, server, viewport={"width": 1280, "height": 900}) as page:
        cookies = [
            {"name": cookie.name, "value": cookie.value, "url": server}
            for cookie in visitor.cookies
        ]
        page.context.add_cookies(cookies)
        yield page


def open_photo(page, path):
    page.goto(path)
    page.wait_for_load_state("networkidle")


def choose(page, view):
    page.locator(".segments").get_by_text(view, exact=True).click()


def pane(page, of):
    return page.locator(f".pane[data-pane={of}]")


def seen(page, box):
    """What is on the screen there."""
    clip = {name: box[name] for name in ("x", "y", "width", "height")}
    return decoded(page.screenshot(clip=clip)).astype(int)


def difference(one, other):
    """The mean difference of two pictures, leaving out the rim with round corners and words."""
    inner = np.s_[60:-20, 20:-20]
    return np.abs(one[inner].astype(int) - other[inner].astype(int)).mean()


def shades(picture):
    """The picture without grain, of which coding for the page leaves something else."""
    return picture[60:580, 20:880].reshape(52, 10, 86, 10, 3).mean((1, 3))


def test_the_line_follows_keys_and_fingers(chromium, server, small):
    with opened(chromium, server, viewport={"width": 390, "height": 800}, has_touch=True) as page:
        open_photo(page, small)
        divider = page.get_by_role("slider", name="Dividing line")
        after = pane(page, "after")
        divider.focus()
        for _ in range(5):
            divider.press("ArrowRight")
        at = float(divider.input_value())
        assert at > 50
        expect(divider).to_have_attribute("aria-valuetext", f"{round(at)}% before")
        expect(after).to_have_css("clip-path", re.compile(rf"inset\(0px 0px 0px {at:g}%\)"))

        box = page.locator(".frame").bounding_box()
        finger = page.context.new_cdp_session(page)
        y = box["y"] + box["height"] / 2
        for kind, share in (("touchStart", 0.5), ("touchMove", 0.4), ("touchMove", 0.2)):
            point = {"x": box["x"] + box["width"] * share, "y": y}
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert float(divider.input_value()) == pytest.approx(20, abs=4)


def test_every_view_shows_what_it_says(page, small):
    open_photo(page, small)
    before, after = pane(page, "before"), pane(page, "after")
    assert before.bounding_box() == after.bounding_box()
    choose(page, "Side by side")
    left, right = before.bounding_box(), after.bounding_box()
    assert left["x"] + left["width"] < right["x"]
    assert left["y"] == right["y"]
    choose(page, "Before")
    expect(after).to_be_hidden()
    assert difference(seen(page, before.bounding_box()), np.asarray(SMALL)) < 3
    choose(page, "After")
    expect(before).to_be_hidden()
    expect(page.get_by_role("img", name="in colour")).to_be_visible()


@pytest.mark.parametrize("strength", [100, 40, 0])
def test_what_is_downloaded_is_what_was_seen(page, small, strength):
    open_photo(page, f"{small}?strength=75")
    choose(page, "After")
    page.get_by_role("slider", name="Strength of the colours").first.fill(str(strength))
    page.get_by_label("File format").first.select_option("png")
    shown = seen(page, pane(page, "after").bounding_box())
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "grandmother-colorized.png"
    file = decoded(download.value.path().read_bytes())
    assert np.abs(shades(shown) - shades(file)).mean() < 1
    full = decoded(requests.get(f"{page.url.split('?')[0]}/result", timeout=60).content)
    assert (np.abs(shades(full) - shades(file)).mean() > 3) == (strength < 100)
    page.reload()
    expect(page.get_by_role("slider", name="Strength of the colours").first).to_have_value(
        str(strength)
    )


def places(page):
    """Where each shown picture stands in its pane, and how large it is."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".pane")]
          .filter((pane) => pane.offsetParent)
          .map((pane) => {
            const outer = pane.getBoundingClientRect();
            const inner = pane.querySelector(".picture").getBoundingClientRect();
            return [inner.x - outer.x, inner.y - outer.y, inner.width, inner.height];
          })"""
    )


def wait_until_scrolled(page, way, start):
    """Wait until the stage is scrolled beyond `start`; return where the pictures stand then."""
    page.wait_for_function(
        """([way, start]) => {
          const stage = document.getElementById("stage");
          const moved = way === "x" ? stage.scrollLeft - start[0] : stage.scrollTop - start[1];
          const style = document.getElementById("viewer").style;
          const shown = -parseFloat(style.getPropertyValue(`--${way}`));
          return moved > 0 && shown === (way === "x" ? stage.scrollLeft : stage.scrollTop);
        }""",
        arg=[way, start],
    )
    return places(page)


@pytest.mark.parametrize(
    ("view", "panes"), [("Slider", 2), ("Side by side", 2), ("Before", 1), ("After", 1)]
)
def test_zooming_moves_both_pictures_together(page, large, view, panes):
    open_photo(page, large)
    choose(page, view)
    choose(page, "100%")
    stage = page.get_by_role("region", name="pixel by pixel")
    box = stage.bounding_box()
    start = [-length for length in places(page)[0][:2]]
    assert places(page) == [[-start[0], -start[1], 2600, 1800]] * panes

    stage.focus()
    page.keyboard.press("ArrowRight")
    moved = wait_until_scrolled(page, "x", start)
    assert moved == moved[:1] * panes

    page.locator(".pane:visible .piece").first.wait_for()  # is not dragged by itself
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 150, steps=5)
    page.mouse.up()
    moved = wait_until_scrolled(page, "y", start)
    assert moved == moved[:1] * panes
    assert moved[0][1] == -start[1] - 150

    choose(page, "Fit")
    assert places(page)[0][:2] == [0, 0]
    expect(stage).to_have_count(0)


def test_zooming_shows_the_photos_own_pixels(page, large):
    open_photo(page, large)
    choose(page, "Before")
    choose(page, "100%")
    expect(pane(page, "before").locator(".piece").first).to_be_visible()
    stage = page.locator("#stage")
    shown = seen(page, stage.bounding_box())
    left, top = stage.evaluate("stage => [stage.scrollLeft, stage.scrollTop]")
    height, width = shown.shape[:2]
    part = np.asarray(LARGE)[round(top) : round(top) + height, round(left) : round(left) + width]
    assert difference(shown, part) < 3  # a scaled preview has lost the grain: 4 and more


def test_zooming_leaves_the_line_to_move(page, large):
    open_photo(page, large)
    choose(page, "100%")
    divider = page.get_by_role("slider", name="Dividing line")
    assert divider.bounding_box()["y"] >= page.locator("#stage").bounding_box()["y"] + 100
    divider.focus()
    divider.press("ArrowLeft")
    expect(pane(page, "before")).to_have_css("clip-path", re.compile(r"inset\(0px 51%"))


def test_a_photo_shown_at_its_own_size_has_nothing_to_zoom_to(page, small):
    open_photo(page, small)
    expect(page.get_by_role("radio", name="100%")).to_be_disabled()


def test_keys_do_what_the_list_says(page, large):
    open_photo(page, large)
    strength = page.get_by_role("slider", name="Strength of the colours").first
    for key, view in (("2", "Side by side"), ("3", "Before"), ("4", "After"), ("1", "Slider")):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=view)).to_be_checked()
    page.keyboard.press("z")
    expect(page.get_by_role("radio", name="100%")).to_be_checked()
    page.keyboard.press("z")
    expect(page.get_by_role("radio", name="Fit")).to_be_checked()
    page.keyboard.press("-")
    expect(strength).to_have_value("95")
    page.keyboard.press("+")
    expect(strength).to_have_value("100")
    with page.expect_download():
        page.keyboard.press("d")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    assert dialog.locator("kbd").all_inner_texts() == [*"1234Z−+D?"]


def test_keys_are_left_alone_while_one_types(page, small):
    open_photo(page, small)
    page.keyboard.press("Control+4")  # is the browser's
    page.get_by_text("Try it with other options").click()
    page.get_by_label("Detail of the colours").press("2")
    page.get_by_label("File format").first.press("3")
    expect(page.get_by_role("radio", name="Slider")).to_be_checked()


def test_keys_can_be_switched_off(page, small):
    open_photo(page, small)
    page.get_by_role("button", name="Shortcuts").click()
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    for key in "2?":
        page.keyboard.press(key)
    expect(page.get_by_role("radio", name="Slider")).to_be_checked()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Shortcuts").click()
    page.get_by_label("Use these keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name="Side by side")).to_be_checked()


def test_a_hangul_keyboard_has_the_same_keys(page, large):
    open_photo(page, large)
    page.evaluate(
        "document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ㅋ', code: 'KeyZ', bubbles: true}))"
    )
    expect(page.get_by_role("radio", name="100%")).to_be_checked()


def test_all_works_without_javascript(chromium, server, small):
    with opened(chromium, server, java_script_enabled=False) as page:
        page.goto(small)
        left, right = pane(page, "before").bounding_box(), pane(page, "after").bounding_box()
        assert left["x"] + left["width"] < right["x"]
        for picture in page.locator(".picture img").all():  # in its own proportions
            box = picture.bounding_box()
            assert box["width"] / box["height"] == pytest.approx(1.5, rel=0.01)
            assert box["width"] > 400
        expect(page.locator(".segments").first).to_be_hidden()
        page.get_by_role("slider", name="Strength of the colours").first.fill("30")
        page.get_by_role("button", name="Show at this strength").click()
        assert "strength=30" in page.url
        picture = page.get_by_role("img", name="in colour")
        assert "strength=30" in picture.get_attribute("src")
        page.get_by_label("File format").first.select_option("webp")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename == "grandmother-colorized.webp"


def test_the_pair_alone_is_printed_on_one_page(page, large):
    open_photo(page, large)
    choose(page, "100%")
    page.emulate_media(media="print", color_scheme="dark")
    for of in ("header", "footer", "form", "#engine", ".segments", "#divider", "h2"):
        for part in page.locator(of).all():
            expect(part).to_be_hidden()
    left, right = pane(page, "before").bounding_box(), pane(page, "after").bounding_box()
    assert left["x"] + left["width"] < right["x"]
    assert left["y"] == right["y"]
    expect(page.get_by_role("heading", name="grandmother.png")).to_be_visible()
    expect(page.get_by_text("Built-in ·")).to_be_visible()
    expect(page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
    (box,) = re.findall(
        rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True)
    )
    assert float(box[0]) > float(box[1])


def test_nothing_moves_for_who_wants_no_motion(page, small):
    moving = "document.getAnimations().length"
    open_photo(page, small)
    page.get_by_text("Delete this photo").click()
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.get_by_text("Delete this photo").click()
    assert page.evaluate(moving) == 0
