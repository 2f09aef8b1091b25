"""The web layer: pages and JSON API over the core, which knows nothing of HTTP."""

from __future__ import annotations

from flask import current_app

from colorizer.jobs.runtime import Runtime


def services() -> Runtime:
    """Return what the current app works with."""
    found: Runtime = current_app.extensions["colorizer"]
    return found
