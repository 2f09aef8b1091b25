"""The app: `create_app` makes it, ``python app.py`` serves it."""

from __future__ import annotations

from colorizer.process import tune

tune()  # before NumPy and PyTorch are imported

import logging
import secrets
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from flask import Flask
from flask_babel import Babel
from flask_smorest import Api
from flask_wtf import CSRFProtect

from colorizer import commands
from colorizer import generators as loading
from colorizer.errors import ColorizerError
from colorizer.files import make_private, read_plain, written_whole
from colorizer.jobs.runtime import Runtime
from colorizer.settings import Settings
from colorizer.version import __version__
from colorizer.web import (
    access,
    errors,
    film_api,  # noqa: F401 - it adds to the API
    pages,
    reception,
    uploads,
)
from colorizer.web.api import api
from colorizer.web.guesses import Guesses
from colorizer.web.limits import UploadLimit
from colorizer.web.pages.visitor import choose_language
from colorizer.web.requests import Request
from colorizer.web.responses import add_security_headers
from colorizer.web.server import serve
from colorizer.web.sessions import Sessions

if TYPE_CHECKING:
    from colorizer.generators import Generator

log = logging.getLogger("colorizer")

SHORTEST_KEY, LONGEST_KEY = 32, 1 << 16  # bytes
BLANKS = b"\0 \t\r\n"  # zeros are what some file systems have of a file after a power cut


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
    app.request_class = Request
    app.config.update(
        SECRET_KEY=settings.secret_key.encode()
        or _kept_secret(Path(app.instance_path) / "secret-key"),
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=365),
        # The files, and the form around them.
        MAX_CONTENT_LENGTH=settings.max_request_mb * 1_000_000 + 100_000,
        WTF_CSRF_TIME_LIMIT=None,
        # `access.refuse_foreign` looks where a form comes from, also where no referrer is told.
        WTF_CSRF_SSL_STRICT=False,
        API_TITLE="Colorizer",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    runtime = Runtime(settings, generators)
    app.extensions["colorizer"] = runtime
    app.extensions["colorizer-guesses"] = Guesses()
    app.session_interface = Sessions()
    app.extensions["colorizer-upload-limit"] = (
        UploadLimit(settings.rate_limit) if settings.rate_limit else None
    )
    Babel(app, locale_selector=choose_language)
    app.before_request(runtime.start)
    app.before_request(access.refuse_foreign)
    # Before the forms' tokens are looked for, for which the whole upload is read.
    app.before_request(access.require_token)
    app.before_request(reception.refuse)
    app.before_request(uploads.check_limit)
    CSRFProtect(app).exempt(api)
    pages.register(app)
    Api(app).register_blueprint(api)
    errors.register(app)
    app.after_request(add_security_headers)
    for command in commands.cli.commands.values():
        app.cli.add_command(command)
    return app


def _kept_secret(path: Path) -> bytes:
    """Read the key that signs cookies from its private file, made at the first start.

    One that is empty or too short, as a power cut may leave it, is made anew: then browsers forget
    which photos are theirs.

    Raises
    ------
    OSError
        If it can't be read, or not be made.
    """
    if (key := _read_key(path)) is None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), mode=0o600):
            if (key := _read_key(path)) is None:  # or another process was quicker
                if path.exists():
                    log.warning("%s is too short a key, and is made anew", path)
                key = secrets.token_hex(32).encode()
                with written_whole(path) as part:
                    part.touch(0o600)
                    part.write_bytes(key)
    for private in (path.parent, path):
        make_private(private)
    return key


def _read_key(path: Path) -> bytes | None:
    """Read a key; None if there is none that is long enough."""
    try:
        key = read_plain(path, LONGEST_KEY)
    except FileNotFoundError:
        return None
    return key if len(key.strip(BLANKS)) >= SHORTEST_KEY else None


def main() -> None:
    """Make the app and serve it; what forbids that is said in one line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("pyvips").setLevel(logging.WARNING)  # it tells of every step of its work
    try:
        app = create_app()
    except ColorizerError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename} can't be used: {error.strerror}.")
    serve(app)


if __name__ == "__main__":
    main()
