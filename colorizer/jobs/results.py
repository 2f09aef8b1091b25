"""What else a stored photo gives: another strength or kind of file, a part, a try."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

from colorizer.coloring.colorize import apply_prediction, predict
from colorizer.coloring.hints import Hint, check_hints
from colorizer.coloring.options import Options
from colorizer.coloring.prediction import (
    LONGEST,
    Prediction,
    decode_prediction,
    encode_prediction,
)
from colorizer.coloring.touch_up import touch_up
from colorizer.errors import N_, BrokenPictureError, LostError, OptionError
from colorizer.files import is_plain, read_plain
from colorizer.jobs.hints import KeptHints, kept_hints
from colorizer.jobs.previews import blend_previews, read_preview, render_preview
from colorizer.jobs.runtime import Runtime
from colorizer.library.records import (
    AFTER,
    BEFORE,
    THUMBNAIL,
    Record,
    prediction_name,
    preview_name,
)
from colorizer.pictures.formats import EXTENSIONS
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import Box, shrink_photo
from colorizer.pictures.whole import is_whole

log = logging.getLogger(__name__)

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
    stored = record.result_kind
    kind = kind or stored
    kept = kept_hints(record, runtime)
    as_stored = (strength, kind) == (record.strength, stored)
    file = kept.name(record.result if as_stored else f"result-{strength}{EXTENSIONS[kind]}")
    path = runtime.store.path(record, file)
    if not is_whole(path):
        known = _known(record, runtime, kept)
        prediction = known or guessed(record, runtime, visitor)
        with runtime.renders.turn(visitor):
            if not is_whole(path):  # another request may have had its turn for the same
                photo = _read_original(record, runtime)
                if known is None:
                    prediction = _correct(record, runtime, kept, prediction, photo)
                photo = apply_prediction(photo, prediction, strength)
                with runtime.store.attach(record, file) as part:
                    runtime.pictures.write_photo(photo, part, kind, keep_gps=record.keep_gps)
                if not as_stored:
                    _drop_oldest(path)
    return path


def original_path(record: Record, runtime: Runtime) -> Path:
    """Return the file as it came.

    Raises
    ------
    NotFoundError
        If the photo has been deleted meanwhile.
    LostError
        If it hasn't, but the file is gone.
    """
    path = runtime.store.path(record, record.original)
    if not is_plain(path):
        runtime.store.get(record.id)
        raise LostError(
            N_("The file of “%(name)s” is gone from this server. Send the photo again."),
            name=record.name,
        )
    return path


def preview_result(
    record: Record,
    runtime: Runtime,
    strength: int,
    visitor: str = "",
    kept: KeptHints | None = None,
) -> bytes:
    """Encode the small picture of the result at a strength; nothing large is opened for it.

    Parameters
    ----------
    record, runtime
        The photo; the app's runtime.
    strength
        0 to 100.
    visitor
        Who waits for a turn, should the picture be lost and have to be made again.
    kept
        The hints that are to be in it; None: those that the photo has.
    """
    kept = kept or kept_hints(record, runtime)
    if strength in (0, 100):
        return _preview(record, runtime, AFTER if strength else BEFORE, kept, visitor)
    before, after = (_preview(record, runtime, file, kept, visitor) for file in (BEFORE, AFTER))
    try:
        return blend_previews(before, after, strength)
    except (OSError, ValueError):
        before, after = (
            _make_preview(record, runtime, file, kept, visitor) for file in (BEFORE, AFTER)
        )
        return blend_previews(before, after, strength)


def thumbnail_path(record: Record, runtime: Runtime, visitor: str = "") -> Path:
    """Return the file of the smallest picture of the result; `visitor` as in `preview_result`."""
    kept = kept_hints(record, runtime)
    _preview(record, runtime, THUMBNAIL, kept, visitor)
    return runtime.store.path(record, kept.name(THUMBNAIL))


def preview_hints(
    record: Record, runtime: Runtime, hints: Sequence[Hint], strength: int, visitor: str = ""
) -> bytes:
    """Encode the small picture of the result with hints that aren't kept.

    Parameters, and errors, as of `preview_result`; `OptionError` as of `hints.check_hints`.
    """
    check_hints(hints)
    guess = guessed(record, runtime, visitor)
    small = small_photo(record, runtime, visitor)
    with runtime.renders.turn(visitor):
        prediction = _touch_up(record, runtime, guess, hints, small)
        return runtime.pictures.preview_photo(apply_prediction(small, prediction, strength))


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
    kept = kept_hints(record, runtime)
    path = runtime.store.path(record, kept.name(record.result))
    prediction = None
    if of == "original" or strength != record.strength or not is_whole(path):
        path = original_path(record, runtime)
        if of == "result":
            prediction = _prediction(record, runtime, kept, visitor)
    with runtime.renders.turn(visitor):
        part = _read(path, record, runtime, box)
        if prediction:
            part_of = (left, top, record.width, record.height)
            part = apply_prediction(part, prediction, strength, part_of=part_of)
    return runtime.pictures.preview_photo(part, REGION)


def preview_try(record: Record, runtime: Runtime, options: Options, visitor: str = "") -> bytes:
    """Encode a small picture of a photo at other settings, with its hints.

    The generator's prediction is kept beside the photo, so that choosing these settings, or
    looking again, takes no further run. `visitor` is who waits for a turn, where it takes one.
    """
    generator = runtime.models.ready(options.model)
    asked = generator.weights.name, options.render_factor
    kept = kept_hints(record, runtime)
    file = kept.name(preview_name(*asked))
    path = runtime.store.path(record, file)
    preview = read_preview(path)
    if preview is None:
        known = known_prediction(record, runtime, *asked)
        queue = runtime.renders if known else runtime.queue
        with queue.turn(visitor) as watch:
            photo = _read_original(record, runtime)
            with queue.generating(watch) if known is None else contextlib.nullcontext():
                preview = read_preview(path)  # another request may just have asked for the same
                if preview is None:
                    guess = known or predict(
                        photo, generator, options.render_factor, profiles=runtime.pictures
                    )
                    prediction = _touch_up(record, runtime, guess, kept.hints, photo)
                    coloured = apply_prediction(shrink_photo(photo, TRY_PIXELS), prediction)
                    preview = runtime.pictures.preview_photo(coloured)
                    if known is None:
                        _keep(record, runtime, prediction_name(*asked), encode_prediction(guess))
                    _keep(record, runtime, file, preview)
    if options.strength == 100:
        return preview
    before = _preview(record, runtime, BEFORE, kept, visitor)
    return blend_previews(before, preview, options.strength) if options.strength else before


def small_photo(record: Record, runtime: Runtime, visitor: str = "") -> Photo:
    """Return a photo, shrunk as for a small picture, with its profile; `visitor` waits for a turn.

    Errors as of `original_path`.
    """
    if small := runtime.small_photos.find(record.id):
        return small
    with runtime.renders.turn(visitor):
        small = runtime.small_photos.find(record.id)
        if small is None:
            small = shrink_photo(_read_original(record, runtime))
            runtime.small_photos.remember(record.id, small)
    return small


def known_prediction(
    record: Record, runtime: Runtime, model: str, render_factor: int
) -> Prediction | None:
    """Return what a generator has predicted for a photo before; None if that isn't known.

    What is damaged isn't known, which is logged.
    """
    return _read_prediction(runtime.store.path(record, prediction_name(model, render_factor)))


def guessed(record: Record, runtime: Runtime, visitor: str = "") -> Prediction:
    """Return the prediction that a photo's result was made of, before any hint.

    One that is lost is made anew.

    Raises
    ------
    ColorizerError
        If it is lost, and its generator isn't ready or too many photos wait for it.
    """
    asked = record.model, record.requested_render_factor
    if known := known_prediction(record, runtime, *asked):
        return known
    generator = runtime.models.ready(record.model)
    with runtime.queue.turn(visitor) as watch:
        photo = _read_original(record, runtime)
        with runtime.queue.generating(watch):
            if known := known_prediction(record, runtime, *asked):
                return known  # Another request has made it.
            prediction = predict(photo, generator, record.render_factor, profiles=runtime.pictures)
            _keep(record, runtime, record.prediction, encode_prediction(prediction))
    return prediction


def _prediction(record: Record, runtime: Runtime, kept: KeptHints, visitor: str) -> Prediction:
    """Return a photo's prediction, corrected by its hints."""
    if known := _known(record, runtime, kept):
        return known
    guess = guessed(record, runtime, visitor)
    if not kept.hints:
        return guess
    small = small_photo(record, runtime, visitor)
    with runtime.renders.turn(visitor):
        return _correct(record, runtime, kept, guess, small)


def _known(record: Record, runtime: Runtime, kept: KeptHints) -> Prediction | None:
    """Return the prediction with a photo's hints if it was corrected by them before."""
    return _read_prediction(runtime.store.path(record, kept.name(record.prediction)))


def _correct(
    record: Record, runtime: Runtime, kept: KeptHints, guess: Prediction, photo: Photo
) -> Prediction:
    """Correct a guess of a photo by its hints, once for each list of them."""
    if not kept.hints:
        return guess
    if known := _known(record, runtime, kept):
        return known  # Another request has corrected it.
    prediction = _touch_up(record, runtime, guess, kept.hints, photo)
    _keep(record, runtime, kept.name(record.prediction), encode_prediction(prediction))
    return prediction


def _touch_up(
    record: Record, runtime: Runtime, guess: Prediction, hints: Sequence[Hint], photo: Photo
) -> Prediction:
    """Correct a guess of a photo; `photo` is it, of whatever size, and lends its profile."""
    size = record.width, record.height
    return touch_up(guess, hints, size, photo.about.icc_profile, runtime.pictures)


def _read_prediction(path: Path) -> Prediction | None:
    try:
        return decode_prediction(read_plain(path, LONGEST))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("%s can't be read: %s", path, error)
        return None


def _preview(record: Record, runtime: Runtime, file: str, kept: KeptHints, visitor: str) -> bytes:
    """Return one of a photo's small pictures; one that is lost is made anew."""
    path = runtime.store.path(record, file if file == BEFORE else kept.name(file))
    return read_preview(path) or _make_preview(record, runtime, file, kept, visitor)


def _make_preview(
    record: Record, runtime: Runtime, file: str, kept: KeptHints, visitor: str
) -> bytes:
    """Make one of a photo's small pictures from its original, and keep it."""
    before = file == BEFORE
    prediction = None if before else _prediction(record, runtime, kept, visitor)
    small = small_photo(record, runtime, visitor)
    with runtime.renders.turn(visitor):
        preview = render_preview(file, small, prediction, record.strength, runtime.pictures)
        _keep(record, runtime, file if before else kept.name(file), preview)
    return preview


def _read_original(record: Record, runtime: Runtime) -> Photo:
    return _read(original_path(record, runtime), record, runtime)


def _read(path: Path, record: Record, runtime: Runtime, box: Box | None = None) -> Photo:
    """Read a file of a photo, or a part of it."""
    try:
        return runtime.pictures.read_photo(path, runtime.settings.max_megapixels, box)
    except (FileNotFoundError, BrokenPictureError):
        runtime.store.get(record.id)  # It says so if the photo was deleted meanwhile.
        raise


def _keep(record: Record, runtime: Runtime, file: str, data: bytes) -> None:
    """Keep a file beside a photo."""
    with runtime.store.attach(record, file) as part:
        part.write_bytes(data)


def _drop_oldest(made: Path) -> None:
    """Delete the further results of a photo that are too many; `made` is the newest."""
    with contextlib.suppress(FileNotFoundError):  # The photo may have been deleted meanwhile.
        results = sorted(made.parent.glob("result-*"), key=lambda path: path.stat().st_mtime)
        for path in results[:-KEPT_RESULTS]:
            path.unlink(missing_ok=True)
