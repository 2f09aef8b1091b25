"""Photos put into a store without being coloured."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from colorizer.library.records import THUMBNAIL, Record
from colorizer.library.store import Store, new_id

RECORD = Record(
    id="",
    owner="me",
    created="",
    name="할머니.jpg",
    original="original.jpg",
    result="result.jpg",
    kind="JPEG",
    model="artistic",
    requested_model=None,
    render_factor=35,
    requested_render_factor=35,
    strength=100,
    width=1,
    height=1,
    seconds=1.0,
)


def add(store: Store, hours_ago: float = 0.0, **changes: Any) -> Record:
    created = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
    changes = {"id": new_id(), "created": created.isoformat()} | changes
    record = dataclasses.replace(RECORD, **changes)
    with store.incoming() as folder:
        for file in (record.original, record.result, THUMBNAIL):
            (folder / file).write_bytes(file.encode())
        store.add(folder, record)
    return record


def stored_files(folder: Path) -> list[Path]:
    """List the files of photos in a store's folder; what it keeps house with is left out."""
    own = {".lock", ".sqlite3"}
    return [p for p in folder.rglob("*") if p.is_file() and p.suffix not in own]
