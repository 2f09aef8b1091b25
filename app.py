"""The app: `create_app` makes it, ``python app.py`` serves it."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import waitress
from filelock import FileLock
from flask import Flask, Response
from flask_babel import Babel
from flask_smorest import Api
from flask_wtf import CSRFProtect

from colorizer import commands
from colorizer import generators as loading
from colorizer.errors import ColorizerError
from colorizer.files import written_whole
from colorizer.jobs.runtime import Runtime
from colorizer.settings import Settings
from colorizer.version import __version__
from colorizer.web import (  # the two of pages only for their routes
    Services,
    access,
    collection_pages,  # noqa: F401
    errors,
    photo_pages,  # noqa: F401
    services,
)
from colorizer.web.api import api
from colorizer.web.pages import choose_language, pages

if TYPE_CHECKING:
    from colorizer.generators import Generator

log = logging.getLogger("colorizer")

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
# Threads for pages and uploads on their way in, besides those whose photos wait their turn.
SPARE_THREADS = 8
# How long the last answers may take on their way out at the end.
SENDING_SECONDS = 10


def create_app(
    settings: Settings | None = None, generators: Mapping[str, Generator] | None = None
) -> Flask:
    """Make the app.

    Generators are loaded from the first request on, or once ``runtime.start`` is called, so that
    a command line that only wants the app's commands loads nothing.

    Parameters
    ----------
    settings
        The settings; by default those of the environment.
    generators
        Generators that are loaded already, by name: then nothing is loaded in the background.

    Raises
    ------
    ColorizerError
        If a setting is bad, or names a device that is not in this machine.
    """
    settings = settings or Settings.from_environment()
    if settings.device not in ("auto", "cpu"):
        loading.pick_device(settings.device)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key or _kept_secret(Path(app.instance_path) / "secret-key"),
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=365),
        # The files, and the form around them.
        MAX_CONTENT_LENGTH=settings.max_request_mb * 1_000_000 + 100_000,
        WTF_CSRF_TIME_LIMIT=None,
        API_TITLE="Colorizer",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    runtime = Runtime(settings, generators)
    app.extensions["colorizer"] = Services(settings, runtime.store, runtime)
    Babel(app, locale_selector=choose_language)
    csrf = CSRFProtect(app)
    csrf.exempt(api)
    app.register_blueprint(pages)
    Api(app).register_blueprint(api)
    errors.register(app)
    app.before_request(lambda: services().runtime.start())
    app.before_request(access.require_token)
    app.after_request(_add_security_headers)
    for command in commands.cli.commands.values():
        app.cli.add_command(command)
    return app


def serve() -> None:
    """Serve the app until Ctrl-C or SIGTERM; the photo in hand is finished first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("pyvips").setLevel(logging.WARNING)  # it tells of every step of its work
    channels: dict[int, object] = {}
    try:
        settings = Settings.from_environment()
        app = create_app(settings)
    except ColorizerError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename} can't be written to: {error.strerror}.")
    try:
        server = waitress.create_server(
            app,
            map=channels,
            host=settings.host,
            port=settings.port,
            threads=settings.max_waiting + 1 + SPARE_THREADS,
            # What is a little too large is read to its end, so that the browser gets our answer.
            max_request_body_size=2 * app.config["MAX_CONTENT_LENGTH"],
        )
    except OSError as error:
        sys.exit(f"{settings.host}:{settings.port} can't be listened on: {error.strerror}.")
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))
    threading.Thread(target=server.run, name="server", daemon=True).start()
    log.info("Colorizer is at http://%s:%d", settings.host, settings.port)
    runtime: Runtime = app.extensions["colorizer"].runtime
    runtime.start()

    while not signals:
        time.sleep(0.2)  # no lock here, which a signal might come in the middle of
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C doesn't wait
    log.info("Stopping: the photo in hand is finished first")
    runtime.close()
    server.task_dispatcher.shutdown(cancel_pending=False)
    give_up_at = time.monotonic() + SENDING_SECONDS
    while any(getattr(channel, "total_outbufs_len", 0) for channel in list(channels.values())):
        if time.monotonic() > give_up_at:
            break
        time.sleep(0.02)  # the server's thread is still sending the last answers
    logging.shutdown()
    # Python's own way out can hang on threads that are in native code (CPython gh-87135).
    os._exit(0)


def _kept_secret(path: Path) -> str:
    """Read the key that signs cookies from its private file, made at the first start."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():  # or another process was quicker
                with written_whole(path) as part:
                    part.touch(0o600)
                    part.write_text(secrets.token_hex(32))
    return path.read_text()


def _add_security_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # addresses of photos are secrets
    return response


if __name__ == "__main__":
    serve()
