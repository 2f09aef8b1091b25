"""The ways people go, in a real headless Chromium."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect
from support.chromium import PHOTO, needs_chromium, send_photo
from support.process import serving

pytestmark = needs_chromium


def test_choose_colour_compare_download_delete(page):
    send_photo(page)
    slider = page.get_by_role("slider", name="Dividing line")
    slider.focus()
    before = float(slider.input_value())
    slider.press("ArrowRight")
    assert float(slider.input_value()) > before
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "grandmother-colorized.jpg"
    page.locator(".segments").get_by_text("Side by side").click()
    for name in ("before", "in colour"):
        picture = page.get_by_role("img", name=name).last
        assert picture.evaluate("image => image.complete && image.naturalWidth") == 240
    page.goto("/photos")
    page.get_by_role("link", name="grandmother.jpg").click()
    page.get_by_text("Delete this photo").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page).to_have_url("/photos")
    expect(page.get_by_role("link", name="grandmother.jpg")).to_have_count(0)


def test_everything_works_without_javascript(chromium, address):
    context = chromium.new_context(locale="ko-KR", base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("button", name="English").click()
    page.get_by_label("Choose photos").set_input_files(PHOTO)
    page.get_by_role("button", name="Colour it").click()
    expect(page.get_by_role("heading", name="grandmother.jpg")).to_be_visible(timeout=60_000)
    assert page.get_by_role("img", name="in colour").count() >= 1
    context.close()


def test_a_bad_file_is_said_where_it_was_chosen(page):
    page.goto("/")
    bad = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear grandmother,"}
    page.get_by_label("Choose photos").set_input_files(bad)
    button = page.get_by_role("button", name="Colour it")
    if button.is_enabled():
        button.click()
    expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    send_photo(page)
    for address in (page.url, "/", "/photos", "/nowhere"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


class HeldMirror:
    """Serves one file, all but its last byte until `release` is called."""

    def __init__(self, path):
        data, self._released = path.read_bytes(), threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[:-1])
                mirror._released.wait(300)
                self.wfile.write(data[-1:])

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._http.server_port}"

    def release(self):
        self._released.set()

    def close(self):
        self.release()
        self._http.shutdown()
        self._http.server_close()


def test_artistic_takes_over_from_the_builtin_generator(chromium, tmp_path, artistic_checkpoint):
    mirror = HeldMirror(artistic_checkpoint.path)
    settings = {"models": tmp_path / "models", "weights_url": mirror.address}
    with serving(tmp_path / "uploads", artistic_checkpoint, **settings) as server:
        page = chromium.new_context(locale="en-GB", base_url=server.address).new_page()
        server.wait_until(server.is_of_use)
        send_photo(page)
        expect(page.get_by_role("definition").first).to_have_text("Built-in")
        expect(page.locator("#engine")).to_contain_text("255 of 255 MB")
        mirror.release()
        # The page that is open learns of it, without being loaded anew.
        expect(page.locator("#engine")).to_contain_text("ready", timeout=120_000)
        page.reload()
        page.get_by_role("button", name="Colour it again with DeOldify Artistic").click()
        expect(page.get_by_role("definition").first).to_have_text(
            "DeOldify Artistic", timeout=60_000
        )
    mirror.close()
