"""A run over photos: what becomes of each is told, and what would fail all of them ends it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import click

from colorizer.commands.pipeline import Stages, run_pipeline
from colorizer.commands.targets import Task
from colorizer.errors import ColorizerError
from colorizer.library.room import is_full


@dataclass
class Tally:
    """What has become of the photos of a run.

    Attributes
    ----------
    done, failed
        How many have been coloured, and how many could not be.
    full
        Whether the disk is full, for which the run has ended.
    interrupted
        Whether Ctrl-C has ended it.
    """

    done: int = 0
    failed: int = 0
    full: bool = False
    interrupted: bool = False


def run(tasks: Sequence[Task], photos: Sequence[Stages], verbose: bool = False) -> Tally:
    """Take photos through their stages and tell, of each, what there is to say about it.

    Parameters
    ----------
    tasks
        The photos.
    photos
        The stages of each.
    verbose
        Whether to show where an exception that nobody has foreseen comes from.
    """
    tally = Tally()
    with (
        closing(run_pipeline(photos)) as outcomes,
        click.progressbar(
            zip(tasks, outcomes, strict=True),
            length=len(tasks),
            label="Colouring",
            file=sys.stderr,
            item_show_func=lambda pair: pair and pair[0].name,
        ) as bar,
    ):
        try:
            for task, outcome in bar:
                if isinstance(outcome, Exception):
                    tally.failed += 1
                    tally.full = isinstance(outcome, OSError) and is_full(outcome)
                    notes = [explain(outcome, verbose)]
                else:
                    tally.done += 1
                    notes = outcome
                for note in notes:
                    click.echo(f"\n{task.name}: {note}", err=True)
                if tally.full:
                    break
        except KeyboardInterrupt:
            tally.interrupted = True
    return tally


def explain(error: Exception, verbose: bool) -> str:
    """Say why a photo or film has failed."""
    if isinstance(error, OSError) and is_full(error):
        return "There is no room on the disk for the result."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this picture."
    if isinstance(error, ColorizerError | OSError):
        return str(error)
    where = "".join(traceback.format_exception(error)).rstrip() if verbose else "-v shows where."
    return f"This should not have happened: {type(error).__name__}: {error}. {where}"
