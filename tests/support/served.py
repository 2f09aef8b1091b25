"""The app as `python app.py` serves it, but with the patience that a test wants, and three pages.

It takes the fields of `Patience` as JSON, and the path of a pipe: ``/slow`` is answered once there
is a byte in that, which it takes; so is ``/later``, which says to come again later. ``/large`` is
an answer of 3 MB that is in no file.
"""

from __future__ import annotations

import json
import logging
import sys

from app import create_app
from colorizer.web.channel import Patience
from colorizer.web.server import serve

logging.basicConfig(level=logging.WARNING)
app = create_app()


@app.get("/slow")
def slow() -> str:
    with open(sys.argv[2], "rb", buffering=0) as pipe:
        pipe.read(1)
    return "done"


@app.get("/later")
def later() -> tuple[str, int, dict[str, str]]:
    return slow(), 503, {"Retry-After": "60"}


@app.get("/large")
def large() -> str:
    return 3_000_000 * "x"


serve(app, Patience(**json.loads(sys.argv[1])))
