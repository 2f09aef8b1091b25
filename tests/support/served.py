"""The app as `python app.py` serves it, but with the patience that a test wants, and a slow page.

It takes the fields of `Patience` as JSON, and the path of a pipe: ``/slow`` is answered once
somebody writes to that.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from app import create_app
from colorizer.web.channel import Patience
from colorizer.web.server import serve

logging.basicConfig(level=logging.INFO)
app = create_app()


@app.get("/slow")
def slow() -> str:
    return Path(sys.argv[2]).read_text()


serve(app, Patience(**json.loads(sys.argv[1])))
