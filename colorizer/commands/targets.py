"""Which photos are meant on the command line, and where their results go."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from colorizer.coloring.options import CODECS, Options
from colorizer.commands.folders import (
    Contents,
    has_extension,
    is_film_by_bytes,
    is_same_file,
    kind_by_bytes,
    look_through,
)
from colorizer.files import written_whole
from colorizer.names import distinct_names, fit_name, safe_name
from colorizer.pictures.formats import EXTENSIONS, FORMATS, SUFFIXES
from colorizer.pictures.mark import is_result
from colorizer.video.containers import SUFFIXES as SUFFIXES_OF_FILMS


@dataclass(frozen=True)
class Task:
    """One photo or film, from where to where; None is standard input or output."""

    source: Path | None
    target: Path | None

    @property
    def is_film(self) -> bool:
        """Whether it is a film, by its first bytes."""
        return is_film_by_bytes(self.source)

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return str(self.source or "standard input")

    @property
    def done(self) -> bool:
        """Whether its result is there."""
        return self.target is not None and os.path.exists(self.target)


@dataclass
class Plan:
    """What is to be done, and what is not.

    Attributes
    ----------
    todo
        The photos to colour.
    done
        How many have been coloured already.
    results
        Files in the folders that are themselves results.
    others
        Files in the folders that are no pictures by their names.
    errors
        Why some folders can't be looked through.
    """

    todo: list[Task] = field(default_factory=list)
    done: int = 0
    results: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    errors: list[OSError] = field(default_factory=list)


@dataclass(frozen=True)
class _Wish:
    """A photo whose result is named after it: the folder it goes to, and what is to be added."""

    source: Path
    base: Path
    inside: Path  # relative to the base, with the photo's name
    found: bool = False  # in a folder, rather than named
    addition: str = ""


def make_plan(
    inputs: tuple[str, ...],
    output: str | None,
    options: Options,
    recursive: bool,
    overwrite: bool,
) -> Plan:
    """Find the photos and films that are meant; arguments as for ``colorize``.

    Raises
    ------
    click.ClickException
        If a result would take the place of a photo.
    """
    plan, tasks = Plan(), list[Task]()
    wishes: dict[tuple[str, str, str], _Wish] = {}
    for item in _items(inputs, output, plan, recursive):
        if isinstance(item, Task):
            tasks.append(item)
        else:  # One file that is meant twice is coloured once.
            key = (os.path.realpath(item.source), os.path.realpath(item.base), str(item.inside))
            wishes.setdefault(key, item)
    found = {wish.source for wish in wishes.values() if wish.found}
    named = _name_results(list(wishes.values()), options)
    refuse_photos([*tasks, *named])
    for task in [*tasks, *named]:
        if task.done and not overwrite:
            plan.done += 1
        elif task.source in found and is_result(task.source):
            plan.results.append(task.source)
        else:
            plan.todo.append(task)
    _refuse_pictures(set(plan.todo) & set(named))
    return plan


def refuse_photos(tasks: Iterable[Task]) -> None:
    """Refuse to put a result in the place of a photo that is to be coloured, however it is spelled.

    Raises
    ------
    click.ClickException
        If one would go there. Nothing has been done then.
    """
    tasks = list(tasks)
    sources = {_identity(task.source) for task in tasks} - {None}
    for task in tasks:
        if task.target is not None and _identity(task.target) in sources:
            raise click.ClickException(
                f"The result of {task.name} would take the place of the photo {task.target}. "
                "Choose another place with -o. Nothing has been coloured."
            )


def deliver(write: Callable[[Path], None], target: Path | None) -> None:
    """Have a file written to where it goes; it appears there as a whole or not at all."""
    if target is None:
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "result"
            write(part)
            with part.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as part:
        write(part)


def _items(
    inputs: tuple[str, ...], output: str | None, plan: Plan, recursive: bool
) -> Iterator[Task | _Wish]:
    """Go through the inputs; what is left out in folders goes into the plan."""
    folders = [name for name in inputs if name != "-" and os.path.isdir(name)]
    into_folder = output is not None and (
        len(inputs) > 1 or folders or os.path.isdir(output) or output.endswith(("/", os.sep))
    )
    for name in inputs:
        path = Path(name)
        if name in folders:
            out = Path(output) if output else _folder_beside(path)
            contents = _look_through(path, out, recursive)
            plan.others += contents.others
            plan.errors += contents.errors
            for photo in contents.photos:
                yield _Wish(photo, out, photo.relative_to(path), found=True)
        elif output == "-" or (output is None and name == "-"):
            yield Task(None if name == "-" else path, None)
        elif name == "-":
            yield Task(None, Path(str(output)))
        elif output is None:
            yield _Wish(path, path.parent, Path(path.name), addition="-colorized")
        elif into_folder:
            yield _Wish(path, Path(output), Path(path.name))
        else:
            yield Task(path, Path(output))


def _folder_beside(folder: Path) -> Path:
    """Name the folder for the results of a folder."""
    whole = folder.resolve()
    if not whole.name:
        raise click.UsageError(f"Say with -o where the results of {folder} go.")
    beside = folder.parent if folder.name not in ("", "..") else whole.parent
    return beside / fit_name(whole.name, "-colorized")


def _look_through(folder: Path, out: Path, recursive: bool) -> Contents:
    if is_same_file(folder, out):
        raise click.ClickException(
            f"The results of {folder} can't go into it, among the photos. Choose another folder "
            "with -o. Nothing has been coloured."
        )
    return look_through(folder, out, recursive)


def _name_results(wishes: list[_Wish], options: Options) -> list[Task]:
    """Name the results, in each folder apart from one another."""
    bases: dict[str, list[_Wish]] = {}
    for wish in wishes:
        bases.setdefault(os.path.realpath(wish.base), []).append(wish)
    targets: dict[_Wish, Path] = {}
    for together in bases.values():
        names = distinct_names([_choices(wish, options) for wish in together])
        targets |= {wish: wish.base / name for wish, name in zip(together, names, strict=True)}
    return [Task(wish.source, targets[wish]) for wish in wishes]


def _choices(wish: _Wish, options: Options) -> list[str]:
    """Give the names that a result may have, the best one first.

    The others also tell what is lost in it: the photo's own extension, the folder it is in, or a
    sum of its whole path. Unlike numbers, these don't pass to other photos when some are added, so
    that the next run takes no result for another photo's.
    """
    source = wish.source
    stem, suffix = _result_name(source, options)
    whole = stem if suffix == source.suffix else source.name
    place = Path(os.path.abspath(source))
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:6]
    names = (
        fit_name(stem, wish.addition + suffix),
        fit_name(stem + wish.addition + (source.suffix if whole != stem else ""), suffix),
        fit_name(f"{place.parent.name}-{whole}", wish.addition + suffix),
        fit_name(whole, f"-{digest}{wish.addition}{suffix}"),
    )
    folder = Path(*map(safe_name, wish.inside.parent.parts))
    return [str(folder / safe_name(name)) for name in names]


def _result_name(source: Path, options: Options) -> tuple[str, str]:
    """Give the stem and the suffix of a result: the photo's own, unless its kind has others."""
    if is_film_by_bytes(source):
        stem = source.stem if has_extension(source) else source.name
        return stem, SUFFIXES_OF_FILMS[options.codec or CODECS[0]]
    named = SUFFIXES.get(source.suffix.lower())
    known = named or kind_by_bytes(source)
    wanted = options.format or (known and FORMATS[known].result)
    stem, suffix = (source.stem, source.suffix) if has_extension(source) else (source.name, "")
    return stem, suffix if wanted in (None, named) else EXTENSIONS[wanted]


def _refuse_pictures(tasks: Iterable[Task]) -> None:
    """Refuse to overwrite pictures and films that haven't been coloured here."""
    for task in tasks:
        target = task.target
        known = target and (kind_by_bytes(target) is not None or is_film_by_bytes(target))
        if target and known and not is_result(target):
            raise click.ClickException(
                f"{target} was not coloured here, so the result of {task.name} doesn't take its "
                "place. Move it away, or choose another place with -o. Nothing has been coloured."
            )


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Tell by what the system knows a file, whatever its names; None if there is none."""
    try:
        status = path.stat() if path else os.fstat(sys.stdin.fileno())
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
