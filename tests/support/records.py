"""Photos put into a store without being coloured."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from colorizer.library.records import THUMBNAIL, Record
from colorizer.library.store import Store, new_id
from colorizer.places import root

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


@contextmanager
def writing_process(script: str, folder: Path) -> Iterator[None]:
    """Run a script that writes into a store, says so in a line and waits; then kill it."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=root(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


@contextmanager
def unremovable(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Have the system refuse to remove files of a name, as Windows does while they are sent."""
    remove = os.unlink

    def refuse(path: Any, **options: Any) -> None:
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied")
        remove(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        yield


def stored_files(folder: Path) -> list[Path]:
    """List the files of photos in a store's folder; what it keeps house with is left out."""
    own = {".lock", ".sqlite3"}
    return [p for p in folder.rglob("*") if p.is_file() and p.suffix not in own]
