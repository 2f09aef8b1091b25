"""The web layer: pages and JSON API over the core, which knows nothing of HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from ..runtime import Runtime
from ..settings import Settings
from ..store import Store
from .metrics import Metrics


@dataclass(frozen=True)
class Services:
    """What the views work with."""

    settings: Settings
    store: Store
    runtime: Runtime
    metrics: Metrics


def services() -> Services:
    """Return the current app's services."""
    found: Services = current_app.extensions["colorizer"]
    return found
