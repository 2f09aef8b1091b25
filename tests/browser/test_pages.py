"""What holds on every page, in a real headless Chromium: for everyone, light, steady."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from support.app import app_on
from support.chromium import PHOTO, listening, needs_chromium, opened

from colorizer.generators.loading import load_generator

pytestmark = needs_chromium

PAGES = ["home", "photo", "touch-up", "sheet", "batch", "gallery", "error", "login"]
DARK = "rgb(26, 24, 21)"
LIGHT = "rgb(247, 244, 238)"


@pytest.fixture(scope="module")
def generator():
    return load_generator("builtin")


@pytest.fixture(scope="module")
def address(tmp_path_factory, generator):
    app = app_on(tmp_path_factory.mktemp("pages"), generator)
    app.config["WTF_CSRF_ENABLED"] = False
    with listening(app) as address:
        yield address


@pytest.fixture(scope="module")
def sites(address, tmp_path_factory, generator):
    """The host and the path of each page, and the cookie of who has a photo there."""
    visitor = requests.Session()
    file = ("file", (PHOTO["name"], PHOTO["buffer"]))
    photo = visitor.post(f"{address}/", files=[file], timeout=60).url.removeprefix(address)
    batch = visitor.post(f"{address}/", files=[file, file], timeout=60).url.removeprefix(address)
    private = app_on(tmp_path_factory.mktemp("private"), generator, token="open sesame")
    with listening(private) as private_address:
        yield {
            "home": (address, "/"),
            "photo": (address, photo),
            "touch-up": (address, f"{photo}/touch-up"),
            "sheet": (address, f"{photo}/sheet"),
            "batch": (address, batch),
            "gallery": (address, "/photos"),
            "error": (address, "/nowhere"),
            "login": (private_address, "/login"),
            "cookie": {"name": "session", "value": visitor.cookies["session"], "url": address},
        }


@pytest.fixture
def visit(chromium, sites):
    """Open a page by its name in a browser of its own."""
    with ExitStack() as stack:

        def visit(name, **options):
            host, path = sites[name]
            page = stack.enter_context(opened(chromium, host, **options))
            page.context.add_cookies([sites["cookie"]])
            page.goto(path)
            page.wait_for_load_state("networkidle")
            return page

        yield visit


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(visit, name, locale, theme):
    page = visit(name, locale=locale, color_scheme=theme)
    assert page.locator("html").get_attribute("lang") == locale[:2]
    for summary in page.locator("main summary").all():
        summary.click()
    assert violations(page) == []


def test_axe_finds_nothing_at_full_size_or_in_the_list_of_keys(visit):
    page = visit("photo")
    page.locator("input[value=full]").evaluate("size => { size.disabled = false; size.click(); }")
    assert violations(page) == []
    page.get_by_role("button", name="Shortcuts").click()
    assert violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_everything_visibly(visit, name):
    page = visit(name)
    for summary in page.locator("main summary").all():
        summary.click()
    # One of a group of radio buttons is reached by Tab, the others by arrow keys.
    wanted = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input, select, summary")].filter(
          (e) => e.checkVisibility() && !e.disabled && e.type !== "hidden"
            && (e.type !== "radio" || e.checked)
        ).length"""
    )
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
    reached = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        place = page.evaluate(
            """() => {
              const e = document.activeElement;
              if (e === document.body) return null;
              e.dataset.order ??= document.querySelectorAll("[data-order]").length;
              const ringed = [e, e.parentElement].some((part) => {
                const style = getComputedStyle(part);
                return parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
              });
              return [e.dataset.order, ringed || e.id === "divider", e.outerHTML.slice(0, 120)];
            }"""
        )
        if place:
            order, ringed, html = place
            assert ringed, html
            reached.add(order)
    assert len(reached) >= wanted


@pytest.mark.parametrize("name", ["home", "photo", "gallery"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_while_loading(visit, sites, name, width):
    page = visit("error", viewport={"width": width, "height": 800})
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => window.shifts.push(...list.getEntries()))
          .observe({ type: "layout-shift", buffered: true });"""
    )
    late, painted = [], False

    def hold(route):
        route.continue_() if painted else late.append(route)

    # As on a slow line: pictures and scripts come after the first words.
    page.route(re.compile(r"\.js|preview|thumbnail"), hold)
    page.goto(sites[name][1], wait_until="commit")
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    painted = True
    for route in late:
        route.continue_()
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert late
    assert page.evaluate("window.shifts.map((shift) => shift.value)") == []


def test_home_is_light(visit):
    page = visit("home")  # which asks no other host, as every page here
    sizes = page.evaluate(
        """() => performance.getEntries()
          .filter((entry) => "transferSize" in entry).map((entry) => entry.transferSize)"""
    )
    assert all(sizes)
    assert sum(sizes) < 100_000


def test_light_or_dark_is_remembered(visit):
    page = visit("home", color_scheme="light")
    html = page.locator("html")
    page.get_by_label("Choose photos").set_input_files(PHOTO)
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(html).to_have_css("background-color", DARK)
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(PHOTO["name"], exact=True)).to_be_visible()  # was not lost
    page.goto("/photos")
    expect(html).to_have_css("background-color", DARK)
    assert page.locator("meta[name=color-scheme]").get_attribute("content") == "dark"
    page.get_by_role("button", name="Like the system").click()
    expect(html).to_have_css("background-color", LIGHT)
    page.emulate_media(color_scheme="dark")
    expect(html).to_have_css("background-color", DARK)


def test_light_or_dark_needs_no_javascript(visit):
    page = visit("gallery", java_script_enabled=False)
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("heading", name="My photos")).to_be_visible()
    expect(page.locator("html")).to_have_css("background-color", DARK)


@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
def test_the_header_fits_a_small_phone(visit, locale):
    page = visit("home", viewport={"width": 360, "height": 740}, locale=locale)
    logo = page.locator("header a").first.bounding_box()
    switch = page.locator("#preferences").bounding_box()
    menu = page.get_by_role("navigation").bounding_box()
    middle = logo["y"] + logo["height"] / 2
    assert middle == pytest.approx(switch["y"] + switch["height"] / 2, abs=4)  # in one line
    assert menu["y"] > middle
    assert menu["height"] < 48
