"""The pages: a blueprint a subject, and what every template may show."""

from __future__ import annotations

from typing import Any

from flask import Flask, session
from flask_babel import get_locale

from colorizer.version import __version__
from colorizer.web import access, services
from colorizer.web.pages import batch, film, gallery, health, home, photo, touch_up, visitor
from colorizer.web.views import expected_seconds, models_view


def register(app: Flask) -> None:
    """Let `app` serve the pages."""
    for subject in (home, photo, touch_up, film, gallery, batch, visitor, health):
        app.register_blueprint(subject.pages)
    app.context_processor(context)


def context() -> dict[str, Any]:
    """Lend every template what it may show anywhere."""
    settings = services().settings
    return {
        "languages": visitor.LANGUAGES,
        "locale": str(get_locale()),
        "theme": session.get("theme", "system"),
        "models": models_view(services().models),
        "expected_seconds": expected_seconds,
        "default_factor": settings.render_factor,
        "inside": access.logged_in(),
        "can_log_out": access.can_log_out(),
        "version": __version__,
    }
