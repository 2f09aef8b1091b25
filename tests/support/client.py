"""A browser without a screen: what it sends, and to which generators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from support.pictures import encoded, scene
from urllib3.filepost import encode_multipart_formdata
from werkzeug.test import TestResponse

from colorizer.generators.generator import Generator

PHOTO = encoded(scene(), "JPEG", quality=95)


class Acting:
    """A loaded generator, but for what it predicts."""

    def __init__(self, generator: Generator, predict_chroma: Callable[..., Any]) -> None:
        self._generator, self.predict_chroma = generator, predict_chroma

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)


def client_of(app: Flask) -> FlaskClient:
    """Open an app without the tokens of its forms."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def upload(
    client: FlaskClient, data: bytes = PHOTO, name: str = "할머니 1938.jpg", **options: str
) -> TestResponse:
    """Send a photo by the form of the home page."""
    return upload_several(client, (name, data), **options)


def upload_several(client: FlaskClient, *photos: tuple[str, bytes], **options: str) -> TestResponse:
    """Send photos, each a name and its bytes, by the form of the home page."""
    files = [("file", (name, data)) for name, data in photos]
    body, kind = encode_multipart_formdata([*options.items(), *files])
    return client.post("/", data=body, content_type=kind)
