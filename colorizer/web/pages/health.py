"""How the app is doing, for the programs that watch it."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from colorizer.web import services

TROUBLES = {"full": "disk full\n", "shut": "the folder of photos can't be written to\n"}

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def healthz() -> Response:
    """Tell that the app is alive."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
def readyz() -> Response:
    """Tell whether a photo could be coloured now."""
    text, status = "ready\n", 200
    if services().models.in_use() is None:
        text, status = "not ready\n", 503
    if trouble := services().store.trouble:
        text, status = TROUBLES[trouble], 503
    return Response(text, status, mimetype="text/plain")


@pages.get("/metrics")
def metrics() -> Response:
    """Tell Prometheus what has been going on."""
    return Response(services().metrics.text(), mimetype=CONTENT_TYPE_LATEST)
