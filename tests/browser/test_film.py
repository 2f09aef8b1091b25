"""The page of a film, in a real headless Chromium: while it is coloured, and when it plays."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from support.app import app_on
from support.chromium import listening, needs_chromium, opened
from support.films import simple
from support.threads import wait_for

from colorizer.generators.loading import load_generator

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    app = app_on(tmp_path_factory.mktemp("films"), load_generator("builtin"))
    with listening(app) as address:
        yield address
    app.extensions["colorizer"].film_queue.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A second of film with sound."""
    return simple(tmp_path_factory.mktemp("film") / "film.mp4", 24)


def test_a_film_is_sent_watched_and_played(chromium, address, film):
    with opened(chromium, address) as page:
        page.goto("/")
        page.get_by_label("Choose photos").set_input_files(str(film))
        page.get_by_role("button", name="Colour it").click()
        page.wait_for_url("**/videos/*")
        assert not Axe().run(page).response["violations"]
        video = page.locator("video")
        video.wait_for(timeout=120_000)
        assert not Axe().run(page).response["violations"]
        wait_for(lambda: video.evaluate("video => video.readyState >= 2"))
        assert video.evaluate("video => video.videoWidth") == 64
        # It plays with its sound, and seeks.
        video.evaluate("async video => { video.muted = true; await video.play(); }")
        wait_for(lambda: video.evaluate("video => video.webkitAudioDecodedByteCount > 0"))
        video.evaluate("video => { video.pause(); video.currentTime = 0.5; }")
        there = "video => !video.seeking && Math.abs(video.currentTime - 0.5) < 0.1"
        wait_for(lambda: video.evaluate(there))
        # What is left of the line is grey; the line moves by keys.
        divider = page.get_by_label("Dividing line between before and after")
        before = page.locator(".film-before")
        half = before.bounding_box()["width"]
        divider.focus()
        page.keyboard.press("End")
        assert before.bounding_box()["width"] > 1.9 * half
        expect(page.get_by_role("link", name="Download")).to_be_visible()


def test_a_film_is_stopped_and_gone_on_with_without_scripts(chromium, address, tmp_path):
    film = simple(tmp_path / "long.mp4", 400, sound=False)
    with opened(chromium, address, java_script_enabled=False) as page:
        page.goto("/")
        page.get_by_label("Choose photos").set_input_files(str(film))
        page.get_by_role("button", name="Colour it").click()
        page.wait_for_url("**/videos/*")
        assert page.locator("meta[http-equiv=refresh]").count() == 1
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Stopped")).to_be_visible()
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        page.get_by_text("Delete this film").click()
        page.get_by_role("button", name="Delete for good").click()
        page.wait_for_url("**/photos")
