"""What the browser tests share: a headless Chromium, pages in it, and a photo sent by hand."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright
from support.pictures import encoded, scene
from werkzeug.serving import make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ,
    reason="needs Chromium: sudo apt-get install chromium",
)


@pytest.fixture(scope="module")
def chromium():
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@contextmanager
def listening(app):
    """Serve `app` on a free port; give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def address(app):
    with listening(app) as address:
        yield address


@pytest.fixture
def page(chromium, address):
    with opened(chromium, address) as page:
        yield page


@contextmanager
def opened(chromium, address, **options):
    """Open a page that may complain of nothing and ask no other host."""
    context = chromium.new_context(**{"locale": "en-GB", "base_url": address} | options)
    page = context.new_page()
    complaints = []
    # Chromium itself notes each 4xx answer; those are what some tests are about.
    page.on(
        "console",
        lambda m: (
            m.type in ("debug", "verbose")
            or "Failed to load resource" in m.text
            or complaints.append(m.text)
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda r: r.url.startswith((address, "blob:", "data:")) or complaints.append(r.url),
    )
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


PHOTO = {
    "name": "grandmother.jpg",
    "mimeType": "image/jpeg",
    "buffer": encoded(scene(240, 180), "JPEG"),
}


def send_photo(page):
    page.goto("/")
    page.get_by_label("Choose photos").set_input_files(PHOTO)
    page.get_by_role("button", name="Colour it").click()
    expect(page.get_by_role("heading", name="grandmother.jpg")).to_be_visible(timeout=60_000)
