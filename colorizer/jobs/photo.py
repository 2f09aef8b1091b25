"""The way of a photo: received, checked, coloured in its turn, stored."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING

from colorizer.coloring.colorize import apply_prediction, predict
from colorizer.coloring.hints import Hint, check_hints
from colorizer.coloring.options import Options
from colorizer.coloring.prediction import Prediction, encode_prediction
from colorizer.coloring.touch_up import touch_up
from colorizer.files import link_or_copy
from colorizer.jobs.hints import KeptHints, kept_hints
from colorizer.jobs.previews import render_preview
from colorizer.jobs.results import known_prediction, original_path
from colorizer.jobs.runtime import Runtime
from colorizer.jobs.turns import Guest
from colorizer.library.incoming import receive
from colorizer.library.records import AFTER, BEFORE, HINTS, THUMBNAIL, Record, prediction_name
from colorizer.library.store import new_id
from colorizer.pictures.formats import EXTENSIONS, FORMATS
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import shrink_photo

if TYPE_CHECKING:
    from colorizer.generators import Generator


def color_upload(
    upload: IO[bytes],
    name: str,
    owner: str,
    options: Options,
    runtime: Runtime,
    guest: Guest | str = "",
    hints: Sequence[Hint] = (),
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
    guest
        Who waits for a turn, as `Turns.turn` takes it.
    hints
        Colours that a person says of this photo; they are kept with it.

    Returns
    -------
    Record
        The stored photo.

    Raises
    ------
    ColorizerError
        If the file, the options or the moment don't allow it; then nothing is left behind.
    """
    check_hints(hints)
    with runtime.metrics.refusals_counted(), runtime.store.incoming() as folder:
        original = folder / "original"
        receive(upload, original, runtime.settings.max_upload_mb)
        kind = runtime.pictures.check_photo(original, runtime.settings.max_megapixels)
        original = original.rename(folder / f"original{EXTENSIONS[kind]}")
        generator = runtime.models.ready(options.model)
        record = _color(original, name, owner, options, generator, runtime, guest, hints)
        runtime.estimate.learn([record])
        return record


def color_again(
    stored: Record, owner: str, options: Options, runtime: Runtime, visitor: str = ""
) -> Record:
    """Colour a stored photo once more, with other options; the first result stays.

    The new one has the same hints. Where its prediction is known already, as from a sheet, it
    needs no generator's turn.
    For parameters and errors see `color_upload`; `visitor` is who waits for a turn.
    """
    with runtime.metrics.refusals_counted(), runtime.store.incoming() as folder:
        original = folder / stored.original
        try:
            link_or_copy(original_path(stored, runtime), original)
        except FileNotFoundError:
            runtime.store.get(stored.id)  # It says so if the photo was deleted just now.
            raise
        generator = runtime.models.ready(options.model)
        known = known_prediction(stored, runtime, generator.weights.name, options.render_factor)
        hints = kept_hints(stored, runtime).hints
        return _color(
            original, stored.name, owner, options, generator, runtime, visitor, hints, known
        )


def _color(
    original: Path,
    name: str,
    owner: str,
    options: Options,
    generator: Generator,
    runtime: Runtime,
    guest: Guest | str,
    hints: Sequence[Hint],
    known: Prediction | None = None,
) -> Record:
    """Colour a photo's file, in a folder of the store's, in its turn; store it there."""
    folder = original.parent
    kept = KeptHints(1, tuple(hints)) if hints else KeptHints()
    queue = runtime.renders if known else runtime.queue
    with queue.turn(guest) as watch:
        photo = runtime.pictures.read_photo(original, runtime.settings.max_megapixels)
        if known is None:
            with queue.generating(watch):
                guess = predict(photo, generator, options.render_factor, profiles=runtime.pictures)
        else:
            guess = known
        size, profile = (photo.width, photo.height), photo.about.icc_profile
        prediction = touch_up(guess, hints, size, profile, runtime.pictures)
        small, kind, pages = shrink_photo(photo), photo.kind, photo.about.pages
        with ThreadPoolExecutor(1) as beside:  # Each is encoded in a process of its own.
            previews = beside.submit(
                _write_previews, folder, small, prediction, options.strength, kept, runtime
            )
            file = prediction_name(generator.weights.name, options.render_factor)
            (folder / file).write_bytes(encode_prediction(guess))
            if hints:
                (folder / kept.name(file)).write_bytes(encode_prediction(prediction))
                (folder / HINTS).write_text(kept.to_json(), encoding="utf-8")
            photo = apply_prediction(photo, prediction, options.strength)
            result = f"result{EXTENSIONS[options.format or FORMATS[kind].result]}"
            target = folder / kept.name(result)
            runtime.pictures.write_photo(photo, target, options.format, keep_gps=options.keep_gps)
            previews.result()
    record = Record(
        id=new_id(),
        owner=owner,
        created=datetime.now(timezone.utc).isoformat(timespec="microseconds"),
        name=name,
        original=original.name,
        result=result,
        kind=kind,
        model=generator.weights.name,
        requested_model=options.model,
        render_factor=guess.render_factor,
        requested_render_factor=options.render_factor,
        strength=options.strength,
        width=photo.width,
        height=photo.height,
        seconds=round(watch.seconds, 2),
        pages=pages,
        keep_gps=options.keep_gps,
    )
    runtime.store.add(folder, record)
    runtime.metrics.count(record)
    return record


def _write_previews(
    folder: Path,
    small: Photo,
    prediction: Prediction,
    strength: int,
    kept: KeptHints,
    runtime: Runtime,
) -> None:
    """Write what pages show in place of the files: small pictures of a kind all browsers know."""
    for file in (BEFORE, AFTER, THUMBNAIL):
        data = render_preview(file, small, prediction, strength, runtime.pictures)
        (folder / (file if file == BEFORE else kept.name(file))).write_bytes(data)
