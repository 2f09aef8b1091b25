"""What else a stored photo gives: another strength or kind of file, a part, a try."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from colorizer.coloring.colorize import apply_prediction, predict
from colorizer.coloring.options import Options
from colorizer.coloring.prediction import Prediction, decode_prediction, encode_prediction
from colorizer.errors import N_, OptionError
from colorizer.jobs.runtime import Runtime
from colorizer.library.records import AFTER, BEFORE, Record, prediction_name, preview_name
from colorizer.pictures.formats import EXTENSIONS
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import shrink_photo
from colorizer.pictures.reading import read_photo
from colorizer.pictures.writing import preview_photo, write_photo

REGION = 2048  # pixels of a part's longer side, at most
TRY_PIXELS = 720  # of a try's longer side
KEPT_RESULTS = 4  # further results kept of a photo: one more, and the oldest goes


def result_path(
    record: Record, runtime: Runtime, strength: int, kind: str | None = None, visitor: str = ""
) -> Path:
    """Return the coloured file at a strength, of a kind; what isn't there is made and kept.

    Parameters
    ----------
    record, runtime
        The photo; the app's runtime.
    strength
        0 to 100.
    kind
        A key of `formats.FORMATS` that is written here; None: the kind of the stored result.
    visitor
        Who waits for a turn, if it has to be made.

    Returns
    -------
    Path
        A file beside the photo. Its name tells its kind, and goes with it for good.

    Raises
    ------
    ColorizerError
        If it can't be made, or the photo has been deleted meanwhile.
    """
    store = runtime.store
    stored = record.result_kind
    kind = kind or stored
    if (strength, kind) == (record.strength, stored):
        return store.path(record, record.result)
    path = store.path(record, f"result-{strength}{EXTENSIONS[kind]}")
    if not path.exists():
        with runtime.renders.turn(visitor):
            if not path.exists():  # another request may have had its turn for the same
                photo = _read_original(record, runtime)
                photo = apply_prediction(photo, _prediction(record, runtime), strength)
                with store.attach(record, path.name) as part:
                    write_photo(photo, part, kind, keep_gps=record.keep_gps)
                _drop_oldest(path)
    return path


def preview_result(record: Record, runtime: Runtime, strength: int) -> bytes:
    """Encode the small picture of the result at a strength; nothing large is opened for it."""
    return _blend(record, runtime, AFTER, strength)


def preview_region(
    record: Record,
    runtime: Runtime,
    of: str,
    box: tuple[int, int, int, int],
    strength: int,
    visitor: str = "",
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
    visitor
        Who waits for a turn.

    Raises
    ------
    OptionError
        If there is no such part, or it is too large for a page.
    """
    left, top, width, height = box
    inside = 0 <= left < record.width and 0 <= top < record.height
    if not (inside and 0 < width <= REGION and 0 < height <= REGION):
        raise OptionError(N_("There is no such part of this picture."))
    as_stored = of == "result" and strength == record.strength
    source = runtime.store.path(record, record.result if as_stored else record.original)
    with runtime.renders.turn(visitor):
        part = read_photo(source, runtime.settings.max_megapixels, box)
        if of == "result" and not as_stored:
            part_of = (left, top, record.width, record.height)
            part = apply_prediction(part, _prediction(record, runtime), strength, part_of=part_of)
    return preview_photo(part, REGION)


def preview_try(record: Record, runtime: Runtime, options: Options, visitor: str = "") -> bytes:
    """Encode a small picture of a photo at other settings.

    The generator's prediction is kept beside the photo, so that choosing these settings, or
    looking again, takes no further run. `visitor` is who waits for a turn, where it takes one.
    """
    generator = runtime.models.ready(options.model)
    asked = generator.weights.name, options.render_factor
    preview = runtime.store.path(record, preview_name(*asked))
    if not preview.exists():
        with runtime.queue.turn(visitor) as watch:
            photo = _read_original(record, runtime)
            with runtime.queue.generating(watch):
                if not preview.exists():  # another request may have asked for the same just before
                    prediction = predict(photo, generator, options.render_factor)
                    coloured = apply_prediction(shrink_photo(photo, TRY_PIXELS), prediction)
                    _keep(record, runtime, prediction_name(*asked), encode_prediction(prediction))
                    _keep(record, runtime, preview.name, preview_photo(coloured))
    return _blend(record, runtime, preview.name, options.strength)


def known_prediction(
    record: Record, runtime: Runtime, model: str, render_factor: int
) -> Prediction | None:
    """Return what a generator has predicted for a photo before; None if it hasn't."""
    path = runtime.store.path(record, prediction_name(model, render_factor))
    return decode_prediction(path.read_bytes()) if path.exists() else None


def _prediction(record: Record, runtime: Runtime) -> Prediction:
    """Return the prediction that a photo's result was made of."""
    path = runtime.store.path(record, record.prediction)
    return decode_prediction(path.read_bytes())


def _read_original(record: Record, runtime: Runtime) -> Photo:
    path = runtime.store.path(record, record.original)
    return read_photo(path, runtime.settings.max_megapixels)


def _keep(record: Record, runtime: Runtime, file: str, data: bytes) -> None:
    """Keep a file beside a photo."""
    with runtime.store.attach(record, file) as part:
        part.write_bytes(data)


def _drop_oldest(made: Path) -> None:
    """Delete the further results of a photo that are too many; `made` is the newest."""
    results = sorted(made.parent.glob("result-*"), key=lambda path: path.stat().st_mtime)
    for path in results[:-KEPT_RESULTS]:
        path.unlink(missing_ok=True)


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
