"""The ways photos come in, and the pages of several, in a real headless Chromium."""

from __future__ import annotations

import base64
import socket
import threading
import zipfile

import pytest
from playwright.sync_api import expect
from support.app import app_on
from support.chromium import PHOTO, listening, needs_chromium, opened, send_photo
from support.pictures import encoded, scene

from colorizer.generators.loading import load_generator

pytestmark = needs_chromium


@pytest.fixture(scope="session")
def builtin():
    return load_generator("builtin")


@pytest.fixture
def quick_page(chromium, tmp_path, builtin):
    """A page of an app whose photos take no time."""
    with listening(app_on(tmp_path, builtin)) as address, opened(chromium, address) as page:
        yield page


def photo(name, seed=0):
    data = encoded(scene(120, 90, seed), "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def choose(page, *photos):
    page.get_by_label("Choose photos").set_input_files(list(photos))


def chosen(page):
    return page.locator("#chosen li")


BRING = """([type, names, data]) => {
  const transfer = new DataTransfer();
  for (const name of names) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt());
    transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  }
  const event = type === "paste"
    ? new ClipboardEvent(type, { clipboardData: transfer, bubbles: true })
    : new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector("h1").dispatchEvent(event);
}"""


def bring(page, how, *names):
    data = base64.b64encode(encoded(scene(), "JPEG")).decode()
    page.evaluate(BRING, [how, names, data])


def test_photos_are_chosen_dropped_pasted_and_left_out_again(quick_page):
    page = quick_page
    page.goto("/")
    choose(page, photo("a.jpg"))
    bring(page, "drop", "b.jpg", "c.jpg")
    bring(page, "paste", "d.jpg")
    expect(chosen(page)).to_have_count(4)
    choose(page, photo("e.jpg"))  # a further choice adds to the first
    expect(chosen(page)).to_have_count(5)
    for name in ("b.jpg", "d.jpg"):
        page.get_by_role("button", name=f"Leave out {name}").click()
    page.get_by_role("button", name="Colour it").click()
    expect(page.get_by_role("heading", name="Your photos")).to_be_visible()
    expect(page.get_by_text("All 3 are coloured")).to_be_visible()
    expect(page.locator("#batch li")).to_have_text(["a.jpg", "c.jpg", "e.jpg"])


def test_what_the_server_would_refuse_is_said_before_it_is_sent(chromium, tmp_path, builtin):
    app = app_on(tmp_path, builtin, max_upload_mb=1, max_megapixels=1)
    with listening(app) as address, opened(chromium, address) as page:
        page.goto("/")
        large = photo("large.jpg")
        large["buffer"] += bytes(1_100_000)
        letter = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear grandmother,"}
        wide = {**PHOTO, "name": "wide.jpg", "buffer": encoded(scene(1200, 1000), "JPEG")}
        choose(page, large, letter, wide)
        for number, words in enumerate(("1 MB at most", "not a picture", "1 at most")):
            expect(chosen(page).nth(number)).to_contain_text(words)
        page.get_by_role("button", name="Colour it").click()
        assert page.locator("#upload input[type=file]").first.evaluate("i => !i.validity.valid")
        expect(page.get_by_role("heading", name="Bring colour")).to_be_visible()
        for name in ("large.jpg", "letter.txt", "wide.jpg"):
            page.get_by_role("button", name=f"Leave out {name}").click()
        choose(page, photo("small.jpg"))
        page.get_by_role("button", name="Colour it").click()
        expect(page.get_by_role("heading", name="small.jpg")).to_be_visible()


def test_an_error_keeps_what_was_chosen(quick_page):
    page = quick_page
    page.goto("/")
    letter = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear grandmother,"}
    choose(page, letter)
    button = page.get_by_role("button", name="Colour it")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("not a picture")
    expect(chosen(page)).to_have_count(1)
    page.get_by_role("button", name="Leave out letter.jpg").click()
    choose(page, photo("a.jpg"))
    button.click()
    expect(page.get_by_role("heading", name="a.jpg")).to_be_visible()


class Proxy:
    """Stands in front of an app: answers uploads in its place, and lets all else through."""

    def __init__(self, app):
        self.app, self.answer = app, None
        app.wsgi_app, self.inner = self, app.wsgi_app

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "GET" or self.answer is None:
            return self.inner(environ, start_response)
        status, body = self.answer
        if status != "cut":
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if status in ("break", "cut"):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        start_response(status, [("Content-Type", "text/html" if "<" in body else "text/plain")])
        return [body.encode()]


NGINX = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr></body></html>"
APACHE = (
    "<html><body><h1>Proxy Error</h1><p>The proxy server could not handle it.</p></body></html>"
)


def test_an_answer_that_is_not_ours_is_put_in_words_of_ours(chromium, tmp_path, builtin):
    app = app_on(tmp_path, builtin)
    proxy = Proxy(app)
    with listening(app) as address, opened(chromium, address) as page:
        page.goto("/")
        choose(page, photo("a.jpg"))
        button, alert = page.get_by_role("button", name="Colour it"), page.get_by_role("alert")
        for status, body, words in (
            ("413 Request Entity Too Large", NGINX, "more than is let through"),
            ("413 Request Entity Too Large", "Request Entity Too Large", "more than is let"),
            ("504 Gateway Time-out", NGINX, "look under “My photos” in a minute"),
            ("502 Proxy Error", APACHE, "The answer took too long"),
            ("503 Service Unavailable", "", "The server is busy just now"),
            ("429 Too Many Requests", "{}", "The server is busy just now"),
            ("403 Forbidden", "<p id=error>blocked", "in place of this server (status 403)"),
            ("200 OK", "<h1>Welcome</h1><p>Accept our terms", "(status 200)"),
            ("break", "", "The connection was lost before the answer came"),
        ):
            proxy.answer = status, body.format(status)
            button.click()
            expect(alert).to_contain_text(words)
            expect(button).to_be_enabled()
            expect(page.locator("[data-busy-note]")).to_be_hidden()
        proxy.answer = None  # What was chosen is still there.
        button.click()
        expect(page.get_by_role("heading", name="a.jpg")).to_be_visible()
        page.goto("/")
        proxy.answer = "cut", ""  # as nginx does it while more comes than it takes
        choose(page, {**photo("large.jpg"), "buffer": bytes(20_000_000)})
        button.click()
        expect(alert).to_contain_text("lost while the photos were being sent", timeout=30_000)
        expect(button).to_be_enabled()


def test_a_batch_is_shown_while_it_is_coloured(chromium, tmp_path, builtin, monkeypatch):
    may_go_on, predict, calls = threading.Event(), builtin.predict_chroma, []

    def held(luma):
        calls.append(luma)
        assert len(calls) < 2 or may_go_on.wait(60)
        return predict(luma)

    monkeypatch.setattr(builtin, "predict_chroma", held)
    app = app_on(tmp_path, builtin)
    app.extensions["colorizer"].queue.at_once = 1
    with listening(app) as address, opened(chromium, address) as page:
        page.goto("/")
        choose(page, photo("a.jpg"), photo("b.jpg"), {**PHOTO, "name": "c.jpg", "buffer": b"no"})
        page.get_by_role("button", name="Colour it").click()
        expect(page.get_by_text("1 of 3 done").first).to_be_visible()
        expect(page.locator("#batch li")).to_have_text(
            ["a.jpg", "Colouring… b.jpg", "Waiting c.jpg"], use_inner_text=True
        )
        may_go_on.set()
        expect(page.get_by_text("2 coloured, 1 not")).to_be_visible(timeout=30_000)
        expect(page.locator("#batch li").last).to_contain_text("not a picture")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download all").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            assert archive.namelist() == ["a-colorized.jpg", "b-colorized.jpg"]


def test_the_page_says_how_long_it_takes_once_it_knows(chromium, tmp_path, builtin, monkeypatch):
    may_go_on, predict = threading.Event(), builtin.predict_chroma
    with listening(app_on(tmp_path, builtin)) as address, opened(chromium, address) as page:
        send_photo(page)
        monkeypatch.setattr(
            builtin, "predict_chroma", lambda luma: may_go_on.wait(60) and predict(luma)
        )
        page.goto("/")
        choose(page, photo("second.jpg"))
        page.get_by_role("button", name="Colour it").click()
        expect(page.get_by_text("The last ones took about 1 seconds here")).to_be_visible()
        may_go_on.set()
        expect(page.get_by_role("heading", name="second.jpg")).to_be_visible()


def test_several_without_javascript(chromium, tmp_path, builtin):
    app = app_on(tmp_path, builtin)
    options = {"java_script_enabled": False, "locale": "ko-KR"}
    with listening(app) as address, opened(chromium, address, **options) as page:
        page.goto("/")
        page.get_by_label("사진 고르기").set_input_files([photo("가.jpg"), photo("나.jpg")])
        page.get_by_role("button", name="색 입히기").click()
        expect(page.get_by_text("2장 모두 색을 입혔어요")).to_be_visible()
        page.get_by_role("link", name="내 사진").click()
        page.get_by_label("가.jpg 선택").check()
        page.locator("summary", has_text="삭제하기").click()
        page.get_by_role("button", name="완전히 삭제하기").click()
        expect(page.get_by_role("link", name="나.jpg")).to_be_visible()
        expect(page.get_by_role("link", name="가.jpg")).to_have_count(0)


def test_photos_of_the_gallery_are_selected_downloaded_and_deleted(quick_page):
    page = quick_page
    page.goto("/")
    choose(page, photo("a.jpg"), photo("b.jpg"), photo("c.jpg"))
    page.get_by_role("button", name="Colour it").click()
    expect(page.get_by_text("All 3 are coloured")).to_be_visible()
    page.get_by_role("link", name="My photos").click()
    download_button = page.get_by_role("button", name="Download as ZIP")
    expect(download_button).to_be_disabled()
    page.get_by_label("All on this page").check()
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.get_by_label("Select b.jpg").uncheck()
    with page.expect_download() as download:
        download_button.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert sorted(archive.namelist()) == ["a-colorized.jpg", "c-colorized.jpg"]
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("link", name="b.jpg")).to_be_visible()
    expect(page.locator("#gallery li")).to_have_count(1)


def test_a_choice_from_the_contact_sheet_is_kept(quick_page):
    page = quick_page
    send_photo(page)
    page.goto(f"{page.url}/sheet")
    for picture in page.locator("main img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") == 240
    page.get_by_role("listitem").filter(has_text="Detail 20").get_by_role("button").click()
    expect(page.get_by_role("heading", name="grandmother.jpg")).to_be_visible()
    expect(page.locator("section dl")).to_contain_text("20")
