"""An upload's way: received, checked, coloured in its turn, stored."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from colorizer.coloring.colorize import Prediction, apply_prediction, predict
from colorizer.coloring.options import Options
from colorizer.coloring.prediction import encode_prediction, prediction_name
from colorizer.errors import N_, TooLargeError
from colorizer.jobs.runtime import Runtime
from colorizer.library.store import AFTER, BEFORE, THUMBNAIL, Record, new_id
from colorizer.pictures.formats import EXTENSIONS, FORMATS
from colorizer.pictures.photo import (
    check_photo,
    preview_photo,
    read_photo,
    shrink_photo,
    write_photo,
)

THUMBNAIL_PIXELS = 480  # of the longer side


def process_upload(
    upload: IO[bytes],
    name: str,
    owner: str,
    options: Options,
    runtime: Runtime,
    *,
    known: Prediction | None = None,
    admitted: bool = False,
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
    runtime
        The app's.
    known
        What the generator asked for thinks of this very photo, where that is known already.
    admitted
        Whether it has been let into the queue already, as a further photo of a batch has.

    Returns
    -------
    Record
        The stored photo.

    Raises
    ------
    ColorizerError
        If the file, the options or the moment don't allow it; then nothing is left behind.
    """
    settings, store = runtime.settings, runtime.store
    with store.incoming() as folder:
        received = folder / "original"
        _receive(upload, received, settings.max_upload_mb)
        kind = check_photo(received, settings.max_megapixels)
        generator = runtime.generator(options.model)
        with runtime.turns.turn(admitted=admitted):
            started = time.monotonic()
            photo = read_photo(received, settings.max_megapixels)
            asked = time.monotonic()
            with runtime.generating:
                started += time.monotonic() - asked  # to wait for another photo is no work
                prediction = known or predict(photo, generator, options.render_factor)
            small = shrink_photo(photo)
            coloured = apply_prediction(photo, prediction, options.strength)
            pages = photo.pages
            del photo  # only the result is in memory while it is encoded
            result = folder / f"result{EXTENSIONS[options.kind or FORMATS[kind].result]}"
            write_photo(coloured, result, options.kind, keep_gps=options.keep_gps)
            thumbnail = shrink_photo(small, THUMBNAIL_PIXELS)
            thumbnail = apply_prediction(thumbnail, prediction, options.strength)
            files = {
                BEFORE: preview_photo(small),
                AFTER: preview_photo(apply_prediction(small, prediction)),
                THUMBNAIL: preview_photo(thumbnail),
                prediction_name(generator.weights.name, options.render_factor): encode_prediction(
                    prediction
                ),
            }
            for file, data in files.items():
                (folder / file).write_bytes(data)
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
            render_factor=prediction.render_factor,
            requested_render_factor=options.render_factor,
            strength=options.strength,
            width=coloured.width,
            height=coloured.height,
            seconds=round(seconds, 2),
            pages=pages,
            keep_gps=options.keep_gps,
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
