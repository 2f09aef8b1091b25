"""``colorize``: files, folders and pipes."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ColorizerError
from ..formats import EXTENSIONS, FORMATS, SUFFIXES, WRITABLE, named_kind
from ..settings import MODELS, RENDER_FACTORS, Settings
from ..weights import find_weights

if TYPE_CHECKING:
    from ..coloring import Colorized
    from ..generator import Generator
    from ..options import Options


@dataclass(frozen=True)
class Job:
    """One photo: where it comes from and where it goes; None is standard input or output."""

    source: Path | None
    target: Path | None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return str(self.source or "standard input")


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", metavar="OUT", help="File or folder; - is standard output.")
@click.option("--model", type=click.Choice(MODELS), help="Generator.")
@click.option(
    "--render-factor",
    type=click.IntRange(RENDER_FACTORS[0], RENDER_FACTORS[-1]),
    help="Detail of the colours: the generator sees a square of 16 times this many pixels.",
)
@click.option("--strength", type=click.IntRange(0, 100), default=100, help="In percent.")
@click.option("--format", "format_", type=click.Choice([kind.lower() for kind in WRITABLE]))
@click.option("--keep-gps", is_flag=True, help="Leave in the result where it was taken.")
@click.option("--recursive", is_flag=True, help="Folders with all the folders in them.")
@click.option("--overwrite", is_flag=True, help="Colour again what has been coloured.")
def colorize(
    inputs: tuple[str, ...],
    output: str | None,
    model: str | None,
    render_factor: int | None,
    strength: int,
    format_: str | None,
    keep_gps: bool,
    recursive: bool,
    overwrite: bool,
) -> None:
    """Colour files and folders.

    The result of a file stands beside it as NAME-colorized, that of a folder in FOLDER-colorized,
    or both in OUT. What has been coloured already is skipped. A bad file doesn't stop the rest;
    the exit code is 1 if there was one. "-" is standard input or output.
    """
    from ..options import Options

    settings = Settings.from_environment()
    options = Options(model, render_factor or settings.render_factor, strength, format_, keep_gps)
    jobs = list(_jobs(inputs, output, format_, recursive))
    todo = [job for job in jobs if overwrite or not (job.target and job.target.exists())]
    failed = 0
    if todo:
        generator = _load(settings, model)
        with click.progressbar(
            todo, label="Colouring", file=sys.stderr, item_show_func=lambda job: job and job.name
        ) as bar:
            for job in bar:
                try:
                    colorized = _run(job, generator, options, settings)
                except (ColorizerError, OSError) as error:
                    failed += 1
                    click.echo(f"\n{job.name}: {error}", err=True)
                    continue
                if colorized.photo.pages > 1:
                    click.echo(f"\n{job.name}: first of {colorized.photo.pages} pages", err=True)
                if colorized.render_factor < options.render_factor:
                    allowed = f"memory allowed render factor {colorized.render_factor}"
                    click.echo(f"\n{job.name}: {allowed}", err=True)
    done, skipped = len(todo) - failed, len(jobs) - len(todo)
    click.echo(f"{done} coloured, {skipped} there already, {failed} failed", err=True)
    sys.exit(1 if failed else 0)


def _jobs(
    inputs: tuple[str, ...], output: str | None, format_: str | None, recursive: bool
) -> Iterator[Job]:
    """Find the photos that are meant, and where their results go."""
    folders = [Path(name) for name in inputs if name != "-" and Path(name).is_dir()]
    into_folder = output is not None and (len(inputs) > 1 or folders or Path(output).is_dir())
    for name in inputs:
        path = Path(name)
        if path in folders:
            out = Path(output) if output else path.with_name(f"{path.resolve().name}-colorized")
            for found in sorted(path.rglob("*") if recursive else path.iterdir()):
                if found.suffix.lower() in SUFFIXES and out not in found.parents:
                    inside = found.relative_to(path)
                    yield Job(found, _suffixed(out / inside, format_))
        elif output == "-" or (output is None and name == "-"):
            yield Job(None if name == "-" else path, None)
        elif name == "-":
            yield Job(None, Path(str(output)))
        elif output is None:
            yield Job(path, _suffixed(path.with_stem(f"{path.stem}-colorized"), format_))
        elif into_folder:
            yield Job(path, _suffixed(Path(output) / path.name, format_))
        else:
            yield Job(path, Path(output))


def _suffixed(path: Path, format_: str | None) -> Path:
    """Give a result the suffix of its format, unless it has one that fits."""
    named = SUFFIXES.get(path.suffix.lower())
    kind = format_.upper() if format_ else FORMATS[named].result if named else None
    return path if kind in (None, named) else path.with_suffix(EXTENSIONS[str(kind)])


def _load(settings: Settings, model: str | None) -> Generator:
    """Load the generator asked for; if none was, the default one or else the built-in one."""
    import torch

    from ..generator import load_generator

    if settings.threads:
        torch.set_num_threads(settings.threads)
    name = model or settings.model
    if model is None and not find_weights(name).path(settings.models).exists():
        click.echo(
            f"The weights of {find_weights(name).title} are not here, so the built-in generator "
            f"colours. To fetch them: python -m colorizer weights download {name}",
            err=True,
        )
        name = "builtin"
    return load_generator(
        name,
        models=settings.models,
        device=settings.device,
        precision=settings.precision,
        trusted=settings.trust_sha256,
    )


def _run(job: Job, generator: Generator, options: Options, settings: Settings) -> Colorized:
    """Colour one photo; its result appears as a whole or not at all."""
    from ..coloring import colorize as colorize_photo
    from ..photo import read_photo, write_photo

    source = job.source or io.BytesIO(sys.stdin.buffer.read())
    # Nothing here holds on to the decoded photo: only the result is in memory while it is encoded.
    colorized = colorize_photo(
        read_photo(source, settings.max_megapixels),
        generator,
        options.render_factor,
        options.strength,
    )
    kind = options.kind or (named_kind(job.target) if job.target else None)
    if job.target:
        job.target.parent.mkdir(parents=True, exist_ok=True)
        part = job.target.with_name(job.target.name + ".part")
        try:
            write_photo(colorized.photo, part, kind, keep_gps=options.keep_gps)
            os.replace(part, job.target)
        finally:
            part.unlink(missing_ok=True)
    else:
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "photo"
            write_photo(colorized.photo, part, kind, keep_gps=options.keep_gps)
            with part.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
    return colorized
