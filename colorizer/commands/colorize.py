"""``colorize``: files, folders and pipes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from colorizer.coloring.chroma import THREADS, squeeze
from colorizer.coloring.colorize import apply_prediction, predict
from colorizer.coloring.hints import Hint, read_hints
from colorizer.coloring.options import OPTIONS, RENDER_FACTORS, Number, Options, Switch
from colorizer.coloring.prediction import Prediction
from colorizer.coloring.sheet import draw_sheet
from colorizer.coloring.touch_up import touch_up
from colorizer.commands.pipeline import Stages
from colorizer.commands.run import Tally, run
from colorizer.commands.targets import Task, deliver, make_plan, refuse_photos
from colorizer.errors import OptionError
from colorizer.generators.table import WEIGHTS, find_weights
from colorizer.jobs.models import load_configured
from colorizer.names import fit_name
from colorizer.pictures.formats import EXTENSIONS, named_kind
from colorizer.pictures.pixels import side_of
from colorizer.pictures.pool import PicturePool
from colorizer.settings import MODELS, Settings

if TYPE_CHECKING:
    from colorizer.generators import Generator

NAMED = 5  # files that are left out are named without being asked for
INTERRUPTED = 130  # the exit code that shells give what Ctrl-C has ended


def _factors(context: click.Context, option: click.Parameter, text: str | None) -> list[int]:
    """Read the render factors of a sheet."""
    low, high = RENDER_FACTORS[0], RENDER_FACTORS[-1]
    numbers = text.split(",") if text is not None else []
    factors = [int(number) if number.strip().isdecimal() else 0 for number in numbers]
    if not set(factors) <= set(RENDER_FACTORS):
        raise click.BadParameter(f"“{text}” is not numbers from {low} to {high}, like 10,20,30,40.")
    return factors


def _hints(context: click.Context, option: click.Parameter, file: BinaryIO | None) -> list[Hint]:
    """Read the file of hints."""
    try:
        return read_hints(file.read()) if file else []
    except OptionError as error:
        raise click.BadParameter(str(error)) from error


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a photo, each made from its row of the table."""
    for name, option in reversed(OPTIONS.items()):
        takes: dict[str, Any]
        if isinstance(option, Switch):
            takes = {"is_flag": True}
        elif isinstance(option, Number):
            takes = {"type": click.IntRange(option.low, option.high)}
        else:
            takes = {"type": click.Choice(list(option.choices or MODELS))}
        flag = f"--{name.replace('_', '-')}"
        command = click.option(flag, name, help=option.help, **takes)(command)
    return command


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", metavar="OUT", help="File or folder; - is standard output.")
@_options
@click.option(
    "--sheet",
    "factors",
    callback=_factors,
    metavar="10,20,...",
    help="One picture of the photo at each of these render factors, by each generator whose "
    "weights are here, to choose from.",
)
@click.option(
    "--hints",
    type=click.File("rb"),
    callback=_hints,
    metavar="FILE",
    help="Colours of places in the one photo, as JSON: "
    '{"hints": [{"x": 0.3, "y": 0.6, "color": "#1f2a44"}]}.',
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="N",
    help="The generator sees every Nth frame of a film's shots, by default 8, or 4 with the "
    "built-in one; 1 is the best and the slowest.",
)
@click.option("--recursive", is_flag=True, help="Folders with all the folders in them.")
@click.option("--overwrite", is_flag=True, help="Colour again what has been coloured.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Name all files that are left out, and trace what should not have happened.",
)
def colorize(
    inputs: tuple[str, ...],
    output: str | None,
    factors: list[int],
    hints: list[Hint],
    every: int | None,
    recursive: bool,
    overwrite: bool,
    verbose: bool,
    **given: object,
) -> None:
    """Colour files and folders of photos and films.

    The result of a file stands beside it as NAME-colorized, that of a folder in FOLDER-colorized,
    or both in OUT; the names of results that would be alike also tell their photos' folder or kind.
    What has been coloured already is skipped, and so are results that are met in a folder, hidden
    files, and what is no picture or film by its name. A bad file doesn't stop the rest; the exit
    code is 1 if there was one. "-" is standard input or output, of a photo.
    A film whose colouring was interrupted goes on where it was when the same is asked for again.
    A sheet stands beside its photo as NAME-sheet.
    """
    settings = Settings.from_environment()
    texts = {name: str(value) for name, value in given.items() if value is not None}
    options = Options.parse(texts, render_factor=settings.render_factor)
    if factors and hints:
        raise click.UsageError("A sheet shows what generators guess; it takes no hints.")
    if factors:
        try:
            task = _sheet_task(inputs, output, options, overwrite)
            with PicturePool() as pictures:
                _draw(task, factors, options, settings, pictures)
        except OSError as error:
            raise click.ClickException(str(error)) from error
        return
    plan = make_plan(inputs, output, options, recursive, overwrite)
    _tell_left_out(plan.others, "not pictures or films by their names", verbose)
    _tell_left_out(plan.results, "results themselves", verbose)
    for closed in plan.errors:
        click.echo(f"{closed.filename}: {closed.strerror}", err=True)
    if hints and len(plan.todo) + plan.done > 1:
        raise click.UsageError("Hints are places in one photo; there are several.")
    films = [task for task in plan.todo if task.is_film]
    photos = [task for task in plan.todo if task not in films]
    if hints and films:
        raise click.UsageError("Hints are places in a photo; this is a film.")
    tally = Tally()
    if plan.todo:
        with PicturePool() as pictures:
            if photos:
                pictures.start()  # while the generator is loaded
            generator = _load(settings, options.model)
            if photos:
                stages = [
                    color_in_stages(task, generator, options, settings, pictures, hints)
                    for task in photos
                ]
                tally = run(photos, stages, verbose)
        if films:
            from colorizer.commands.films import color_films  # here, since OpenCV comes with it

            color_films(films, generator, options, every, tally, verbose)
    failed, left = tally.failed + len(plan.errors), len(plan.todo) - tally.done - tally.failed
    if tally.full:
        click.echo("The disk is full. Make room on it, then run this again: it goes on.", err=True)
    click.echo(
        f"{tally.done} coloured, {plan.done} there already, {failed} failed"
        + (f", {left} left" if left else ""),
        err=True,
    )
    sys.exit(INTERRUPTED if tally.interrupted else 1 if failed else 0)


def _tell_left_out(paths: list[Path], what: str, verbose: bool) -> None:
    """Say how many files of the folders are left out, and which."""
    if not paths:
        return
    named = paths if verbose else paths[:NAMED]
    names = ", ".join([*map(str, named), *["…"] * (len(named) < len(paths))])
    files = "1 file was" if len(paths) == 1 else f"{len(paths)} files were"
    click.echo(f"{files} left out, {what}: {names}", err=True)


def _load(settings: Settings, model: str | None) -> Generator:
    """Load the generator asked for; if none was, the default one or else the built-in one."""
    name = model or settings.model
    if model is None and not find_weights(name).path(settings.models).exists():
        click.echo(
            f"The weights of {find_weights(name).title} are not here, so the built-in generator "
            f"colours. To fetch them: python -m colorizer weights download {name}",
            err=True,
        )
        name = "builtin"
    return load_configured(name, settings)


def _source(task: Task) -> Path | BinaryIO:
    return task.source or io.BytesIO(sys.stdin.buffer.read())


def color_in_stages(
    task: Task,
    generator: Generator,
    options: Options,
    settings: Settings,
    pictures: PicturePool,
    hints: Sequence[Hint] = (),
) -> Stages:
    """Read, colour and write a photo: three stages, as `pipeline.run_pipeline` takes them."""
    photo = pictures.read_photo(_source(task), settings.max_megapixels)
    square = squeeze(photo.rgb, side_of(options.render_factor))
    yield
    prediction = predict(photo, generator, options.render_factor, square, pictures)
    yield
    size = photo.width, photo.height
    prediction = touch_up(prediction, hints, size, photo.about.icc_profile, pictures)
    # On the processor the next photo's generator is at work on all cores; to share one of them
    # with it delays it less than to share all.
    threads = 1 if generator.device.type == "cpu" else THREADS
    # In place of the decoded photo: only the result is in memory while it is encoded.
    photo = apply_prediction(photo, prediction, options.strength, threads=threads)
    kind = options.format or (named_kind(task.target) if task.target else None)
    write = partial(pictures.write_photo, photo, kind=kind, keep_gps=options.keep_gps)
    deliver(write, task.target)
    notes = []
    if photo.about.pages > 1:
        notes.append(f"first of {photo.about.pages} pages")
    if prediction.render_factor < options.render_factor:
        notes.append(f"memory allowed render factor {prediction.render_factor}")
    return notes


def _sheet_task(
    inputs: tuple[str, ...], output: str | None, options: Options, overwrite: bool
) -> Task:
    """Tell where a sheet's photo comes from and where the sheet goes."""
    source = None if inputs[0] == "-" else Path(inputs[0])
    if len(inputs) > 1 or (source and os.path.isdir(source)):
        raise click.UsageError("A sheet shows one photo.")
    if output not in (None, "-"):
        task = Task(source, Path(str(output)))
    elif output == "-" or source is None:
        task = Task(source, None)
    else:
        suffix = EXTENSIONS[options.format or "JPEG"]
        task = Task(source, source.with_name(fit_name(source.stem, f"-sheet{suffix}")))
    refuse_photos([task])
    if task.done and not overwrite:
        raise click.ClickException(f"{task.target} is there already; --overwrite draws it anew.")
    return task


def _draw(
    task: Task, factors: list[int], options: Options, settings: Settings, pictures: PicturePool
) -> None:
    """Draw a sheet: a row for each generator, a column for each render factor."""
    here = [row.name for row in WEIGHTS.values() if row.path(settings.models).exists()]
    names = [options.model] if options.model else here
    photo = pictures.read_photo(_source(task), settings.max_megapixels)
    cells = len(names) * len(factors)

    def row(name: str) -> list[Prediction]:
        generator = load_configured(name, settings)  # one at a time: they are large
        predictions = []
        for factor in factors:
            predictions.append(predict(photo, generator, factor, profiles=pictures))
            bar.update(1)
        return predictions

    with click.progressbar(length=cells, label="Colouring", file=sys.stderr) as bar:
        sheet = draw_sheet(photo, [row(name) for name in names], options.strength, pictures)
    kind = options.format or (named_kind(task.target) if task.target else None)
    deliver(partial(pictures.write_photo, sheet, kind=kind), task.target)
