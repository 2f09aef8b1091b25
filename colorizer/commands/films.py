"""Films of a run: one after the other, each with a bar of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from colorizer.coloring.options import CODECS, Options
from colorizer.commands.run import Tally, explain
from colorizer.commands.targets import Task
from colorizer.library.room import is_full
from colorizer.video.color import check_target, color_film, work_folder
from colorizer.video.method import method_of
from colorizer.video.plan import Plan
from colorizer.video.progress import Progress

if TYPE_CHECKING:
    from colorizer.generators import Generator

STEPS = 1000  # of a bar


def color_films(
    tasks: Sequence[Task],
    generator: Generator,
    options: Options,
    every: int | None,
    tally: Tally,
    verbose: bool = False,
) -> None:
    """Colour films, and add to a tally what became of them; a full disk or Ctrl-C ends the run.

    Parameters
    ----------
    tasks
        The films: from a file into another.
    generator, options
        What colours them, and how.
    every
        As for `color.colorize_video`.
    tally
        What has become of the photos of the same run.
    verbose
        As for `run.run`.
    """
    for task in tasks:
        if tally.full or tally.interrupted:
            return
        try:
            plan = _color(task, generator, options, every)
            notes = plan.notes
            tally.done += 1
        except KeyboardInterrupt:
            tally.interrupted = True
            notes = ["What is done of it is kept; the same command goes on with it."]
        except Exception as error:
            tally.failed += 1
            tally.full = isinstance(error, OSError) and is_full(error)
            notes = [explain(error, verbose)]
        for note in notes:
            click.echo(f"\n{task.name}: {note}", err=True)


def _color(task: Task, generator: Generator, options: Options, every: int | None) -> Plan:
    """Colour one film, under a bar."""
    source, target = task.source, task.target
    if source is None or target is None:
        raise click.UsageError("A film goes from a file into another, not through a pipe.")
    method = method_of(
        generator,
        options.render_factor,
        options.strength,
        every=every,
        codec=options.codec or CODECS[0],
        keep_gps=options.keep_gps,
    )
    check_target(source, target, method)
    target.parent.mkdir(parents=True, exist_ok=True)
    at = 0
    with click.progressbar(
        length=STEPS, label=source.name, file=sys.stderr, show_eta=False, item_show_func=_say
    ) as bar:

        def tell(progress: Progress) -> None:
            nonlocal at
            step = int(progress.share * STEPS)
            bar.update(step - at, progress)
            at = step

        return color_film(source, target, work_folder(target), generator, method, tell=tell)


def _say(progress: Progress | None) -> str | None:
    """Say beside the bar how far a film is."""
    if progress is None:
        return None
    if progress.stage == "reading":
        return f"looking through it, frame {progress.frames_done}"
    if progress.stage == "joining":
        return "putting picture and sound together"
    text = f"{progress.frames_done} of {progress.frames_total} frames"
    if progress.eta_seconds is not None:
        minutes, seconds = divmod(round(progress.eta_seconds), 60)
        text += f", about {minutes}:{seconds:02} left"
    return text
