"""The web layer: pages and JSON API over the core, which knows nothing of HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from colorizer.jobs.runtime import Runtime
from colorizer.library.store import Store
from colorizer.settings import Settings


@dataclass(frozen=True)
class Services:
    """What the views work with."""

    settings: Settings
    store: Store
    runtime: Runtime


def services() -> Services:
    """Return the current app's services."""
    found: Services = current_app.extensions["colorizer"]
    return found
