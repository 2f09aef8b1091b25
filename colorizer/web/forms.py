"""The forms of the pages: what they show. `options.Options` checks what comes back."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, PasswordField, SelectField

from colorizer.settings import RENDER_FACTORS
from colorizer.web import services

FORMAT_NAMES = {"jpeg": "JPEG", "png": "PNG", "tiff": "TIFF", "webp": "WebP", "avif": "AVIF"}


class OptionsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How to colour a photo."""

    model = SelectField(lazy_gettext("Generator"))
    render_factor = IntegerField(
        lazy_gettext("Detail of the colours"),
        render_kw={"min": RENDER_FACTORS[0], "max": RENDER_FACTORS[-1]},
    )
    strength = IntegerField(
        lazy_gettext("Strength of the colours"), default=100, render_kw={"min": 0, "max": 100}
    )
    format = SelectField(
        lazy_gettext("File format of the result"),
        choices=[("", lazy_gettext("Like the photo’s")), *FORMAT_NAMES.items()],
    )
    keep_gps = BooleanField(lazy_gettext("Leave in the file where the photo was taken"))

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("render_factor", services().settings.render_factor)
        super().__init__(**kwargs)
        models = services().runtime.models
        ready = [(model.name, gettext(model.title)) for model in models if model.state == "ready"]
        self.model.choices = [("", lazy_gettext("Choose for me")), *ready]


class UploadForm(OptionsForm):
    """A photo, and how to colour it."""

    file = FileField(lazy_gettext("Photo"))


class LoginForm(FlaskForm):  # type: ignore[misc]
    """The token of a private server."""

    token = PasswordField(lazy_gettext("Token"))
