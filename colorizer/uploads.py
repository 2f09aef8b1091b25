"""An upload's way: received, checked, coloured in its turn, stored."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from .errors import N_, TooLargeError
from .formats import EXTENSIONS, FORMATS
from .options import Options
from .photo import check_photo, preview_photo, read_photo, write_photo
from .runtime import Runtime
from .settings import Settings
from .store import PREVIEWS, Record, Store, new_id


def process_upload(
    upload: IO[bytes],
    name: str,
    owner: str,
    options: Options,
    *,
    settings: Settings,
    store: Store,
    runtime: Runtime,
) -> Record:
    """Colour an uploaded photo and store it.

    Parameters
    ----------
    upload
        The file's bytes, from its beginning.
    name
        What the visitor calls it.
    owner
        Whose it is.
    options
        What is asked for.
    settings, store, runtime
        The app's.

    Returns
    -------
    Record
        The stored photo.

    Raises
    ------
    ColorizerError
        If the file, the options or the moment don't allow it; then nothing is left behind.
    """
    with store.incoming() as folder:
        received = folder / "original"
        _receive(upload, received, settings.max_upload_mb)
        kind = check_photo(received, settings.max_megapixels)
        generator = runtime.generator(options.model)
        with runtime.turns.turn():
            started = time.monotonic()
            from .coloring import colorize

            photo = read_photo(received, settings.max_megapixels)
            preview_photo(photo, folder / PREVIEWS["original"])
            colorized = colorize(photo, generator, options.render_factor, options.strength)
            result = folder / f"result{EXTENSIONS[options.kind or FORMATS[kind].result]}"
            pages = photo.pages
            del photo  # only the result is in memory while it is encoded
            write_photo(colorized.photo, result, options.kind, keep_gps=options.keep_gps)
            preview_photo(colorized.photo, folder / PREVIEWS["result"])
            seconds = time.monotonic() - started
        original = received.rename(folder / f"original{EXTENSIONS[kind]}")
        record = Record(
            id=new_id(),
            owner=owner,
            created=datetime.now(timezone.utc).isoformat(timespec="microseconds"),
            name=name,
            original=original.name,
            result=result.name,
            kind=kind,
            model=generator.weights.name,
            requested_model=options.model,
            render_factor=colorized.render_factor,
            requested_render_factor=options.render_factor,
            strength=options.strength,
            width=colorized.photo.width,
            height=colorized.photo.height,
            seconds=round(seconds, 2),
            pages=pages,
        )
        store.add(folder, record)
        return record


def _receive(upload: IO[bytes], target: Path, max_megabytes: int) -> None:
    """Copy an upload to the disk, as far as it is allowed to go."""
    with target.open("wb") as file:
        while chunk := upload.read(1 << 20):
            file.write(chunk)
            if file.tell() > max_megabytes * 1_000_000:
                raise TooLargeError(
                    N_("The file is larger than %(limit)d MB. Save it smaller and try again."),
                    limit=max_megabytes,
                )
