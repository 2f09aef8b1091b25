"""What else a stored photo gives: another strength or kind of file, a part, a try."""

from __future__ import annotations

import io
from pathlib import PurePath
from typing import IO

from PIL import Image

from colorizer.coloring.colorize import Prediction, apply_prediction, predict
from colorizer.coloring.options import Options
from colorizer.coloring.prediction import decode_prediction, encode_prediction, prediction_name
from colorizer.errors import N_, OptionError
from colorizer.jobs.runtime import Runtime
from colorizer.library.store import AFTER, BEFORE, Record
from colorizer.pictures.formats import EXTENSIONS, SUFFIXES
from colorizer.pictures.photo import (
    Photo,
    crop_photo,
    preview_photo,
    read_photo,
    shrink_photo,
    write_photo,
)

REGION = 2048  # pixels of a part's longer side, at most
TRY_PIXELS = 720  # of a try's longer side


def open_result(
    record: Record, runtime: Runtime, strength: int, kind: str | None = None
) -> tuple[IO[bytes], str]:
    """Open the coloured file, made anew if another strength or kind of file is wanted.

    Returns
    -------
    tuple of IO[bytes] and str
        The file, and its kind: a key of `formats.FORMATS`.
    """
    stored = SUFFIXES[PurePath(record.result).suffix]
    kind = kind or stored
    if (strength, kind) == (record.strength, stored):
        return runtime.store.path(record, record.result).open("rb"), kind
    with runtime.renders.turn(), runtime.store.incoming() as folder:
        target = folder / f"result{EXTENSIONS[kind]}"
        write_photo(_coloured(record, runtime, strength), target, kind, keep_gps=record.keep_gps)
        return target.open("rb"), kind  # once open, it outlives its folder


def preview_result(record: Record, runtime: Runtime, strength: int) -> bytes:
    """Encode the small picture of the result at a strength; nothing large is opened for it."""
    return _blend(record, runtime, AFTER, strength)


def preview_region(
    record: Record, runtime: Runtime, of: str, box: tuple[int, int, int, int], strength: int
) -> bytes:
    """Encode a part of a photo at full size.

    Parameters
    ----------
    record, runtime
        The photo; the app's runtime.
    of
        ``original`` or ``result``.
    box
        Left, top, width and height in pixels of the upright photo.
    strength
        0 to 100, of the result.

    Raises
    ------
    OptionError
        If there is no such part, or it is too large for a page.
    """
    left, top, width, height = box
    inside = 0 <= left < record.width and 0 <= top < record.height
    if not (inside and 0 < width <= REGION and 0 < height <= REGION):
        raise OptionError(N_("There is no such part of this picture."))
    with runtime.renders.turn():
        if of == "original":
            photo = _read(record, runtime, record.original)
        elif strength == record.strength:
            photo = _read(record, runtime, record.result)
        else:
            photo = _coloured(record, runtime, strength)
        return preview_photo(crop_photo(photo, *box), REGION)


def preview_try(record: Record, runtime: Runtime, options: Options) -> bytes:
    """Encode a small picture of a photo at other settings.

    The generator's guess is kept beside the photo, so that choosing these settings, or looking
    again, takes no further run.
    """
    generator = runtime.generator(options.model)
    name = prediction_name(generator.weights.name, options.render_factor)
    preview = f"{name}.webp"
    if not runtime.store.path(record, preview).exists():
        with runtime.turns.turn():
            photo = _read(record, runtime, record.original)
            with runtime.generating:
                prediction = predict(photo, generator, options.render_factor)
            small = shrink_photo(photo, TRY_PIXELS)
        runtime.store.attach(record, name, encode_prediction(prediction))
        data = preview_photo(apply_prediction(small, prediction))
        runtime.store.attach(record, preview, data)
    return _blend(record, runtime, preview, options.strength)


def known_prediction(
    record: Record, runtime: Runtime, model: str, render_factor: int
) -> Prediction | None:
    """Return what a generator thinks of a photo, if it has been asked before."""
    path = runtime.store.path(record, prediction_name(model, render_factor))
    return decode_prediction(path.read_bytes()) if path.exists() else None


def _blend(record: Record, runtime: Runtime, after: str, strength: int) -> bytes:
    """Blend the small picture of the original with one in full colour."""
    before, coloured = (runtime.store.path(record, name) for name in (BEFORE, after))
    if strength in (0, 100):
        return (coloured if strength else before).read_bytes()
    with Image.open(before) as grey, Image.open(coloured) as colour:
        blended = Image.blend(grey.resize(colour.size), colour, strength / 100)
    file = io.BytesIO()
    blended.save(file, "WEBP", quality=88, method=0)
    return file.getvalue()


def _coloured(record: Record, runtime: Runtime, strength: int) -> Photo:
    """Colour a photo by the guess that its result was made of."""
    path = runtime.store.path(record, prediction_name(record.model, record.requested_render_factor))
    photo = _read(record, runtime, record.original)
    return apply_prediction(photo, decode_prediction(path.read_bytes()), strength)


def _read(record: Record, runtime: Runtime, file: str) -> Photo:
    return read_photo(runtime.store.path(record, file), runtime.settings.max_megapixels)
