"""Which photos are meant on the command line, and where their results go."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from colorizer.files import is_part, written_whole
from colorizer.pictures.formats import EXTENSIONS, FORMATS, SUFFIXES


@dataclass(frozen=True)
class Task:
    """One photo: where it comes from and where it goes; None is standard input or output."""

    source: Path | None
    target: Path | None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return str(self.source or "standard input")

    @property
    def done(self) -> bool:
        """Whether its result is there."""
        return self.target is not None and self.target.exists()


def find_tasks(
    inputs: tuple[str, ...], output: str | None, kind: str | None, recursive: bool
) -> list[Task]:
    """Find the photos that are meant; arguments as for ``colorize``, `kind` as `Options.format`."""
    tasks = list(_tasks(inputs, output, kind, recursive))
    times = Counter(task.target for task in tasks)
    return [_distinct(task) if times[task.target] > 1 else task for task in tasks]


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


def _tasks(
    inputs: tuple[str, ...], output: str | None, kind: str | None, recursive: bool
) -> Iterator[Task]:
    folders = [Path(name) for name in inputs if name != "-" and Path(name).is_dir()]
    into_folder = output is not None and (len(inputs) > 1 or folders or Path(output).is_dir())
    for name in inputs:
        path = Path(name)
        if path in folders:
            out = Path(output) if output else path.with_name(f"{path.resolve().name}-colorized")
            for found in sorted(path.rglob("*") if recursive else path.iterdir()):
                is_photo = found.suffix.lower() in SUFFIXES and not is_part(found)
                if is_photo and out not in found.parents:
                    inside = found.relative_to(path)
                    yield Task(found, _suffixed(out / inside, kind))
        elif output == "-" or (output is None and name == "-"):
            yield Task(None if name == "-" else path, None)
        elif name == "-":
            yield Task(None, Path(str(output)))
        elif output is None:
            yield Task(path, _suffixed(path.with_stem(f"{path.stem}-colorized"), kind))
        elif into_folder:
            yield Task(path, _suffixed(Path(output) / path.name, kind))
        else:
            yield Task(path, Path(output))


def _suffixed(path: Path, kind: str | None) -> Path:
    """Give a result the suffix of its kind, unless it has one that fits."""
    named = SUFFIXES.get(path.suffix.lower())
    if kind is None and named:
        kind = FORMATS[named].result
    return path if kind in (None, named) else path.with_suffix(EXTENSIONS[kind])


def _distinct(task: Task) -> Task:
    """Name a result after the whole name of its photo: of a.png and a.bmp, the latter's."""
    if task.source is None or task.target is None or task.source.suffix == task.target.suffix:
        return task
    return replace(task, target=task.target.with_stem(task.target.stem + task.source.suffix))
