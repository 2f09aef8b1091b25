"""The forms of the pages: what they show. `options.Options` checks what comes back."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, IntegerField, PasswordField, SelectChoice, SelectField

from colorizer.coloring.options import OPTIONS, Number, Option, Switch
from colorizer.pictures.formats import WRITABLE
from colorizer.web import services
from colorizer.web.views import models_view

# What people call the formats that they can ask for.
FORMAT_TITLES = {kind.lower(): "WebP" if kind == "WEBP" else kind for kind in WRITABLE}
TITLES = FORMAT_TITLES | {"h264": "H.264", "av1": "AV1", "ffv1": "FFV1"}


def _field(option: Option) -> Field:
    """Make the field of a form from an option's row of the table."""
    label = lazy_gettext(option.label)
    if isinstance(option, Switch):
        return BooleanField(label, default=option.default)
    if isinstance(option, Number):
        limits = {"min": option.low, "max": option.high}
        return IntegerField(label, default=option.default, render_kw=limits)
    words = [SelectChoice(word, TITLES.get(word, word)) for word in option.choices]
    return SelectField(label, choices=[SelectChoice("", lazy_gettext(option.none)), *words])


class OptionsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How to colour a photo: a field for each option."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("render_factor", services().settings.render_factor)
        super().__init__(**kwargs)
        for model in models_view(services().models).ready:
            self.model.choices.append(SelectChoice(model.name, model.title))


for name, option in OPTIONS.items():
    setattr(OptionsForm, name, _field(option))


class UploadForm(OptionsForm):
    """A photo, and how to colour it."""

    file = FileField(lazy_gettext("Photo"))


class LoginForm(FlaskForm):  # type: ignore[misc]
    """The token of a private server."""

    token = PasswordField(lazy_gettext("Token"))
