"""What the browser tests of putting colours right share: its page, and hands on it."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager

import numpy as np
import pytest
import requests
from PIL import Image
from playwright.sync_api import expect
from support.app import app_on
from support.chromium import listening, opened
from support.pictures import encoded, scene

from colorizer.generators.loading import load_generator

PICTURE = scene(600, 400, seed=3)


@pytest.fixture(scope="module")
def touch_server(tmp_path_factory):
    app = app_on(tmp_path_factory.mktemp("touch"), load_generator("builtin"))
    with listening(app) as address:
        yield address


@pytest.fixture
def visit(chromium, touch_server):
    """Open the page for a photo of its own, or of an earlier visit; several make several tabs."""
    visitor = requests.Session()

    @contextmanager
    def visit(picture=PICTURE, path=None, profile=None, **options):
        if path is None:
            file = encoded(picture, "JPEG", quality=95, exif=picture.getexif(), icc_profile=profile)
            answer = visitor.post(
                f"{touch_server}/api/v1/photos", files={"file": ("aunt.jpg", file)}, timeout=120
            )
            path = answer.json()["links"]["page"]
        cookies = [
            {"name": cookie.name, "value": cookie.value, "url": touch_server}
            for cookie in visitor.cookies
        ]
        window = {"viewport": {"width": 1280, "height": 900}}
        with opened(chromium, touch_server, **window | options) as page:
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
