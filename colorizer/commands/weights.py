"""``weights``: list, download and verify the weight files."""

from __future__ import annotations

import sys

import click

from colorizer import generators
from colorizer.errors import WeightsError
from colorizer.generators.table import WEIGHTS, find_weights
from colorizer.generators.verify import open_verified
from colorizer.settings import Settings


@click.group()
def weights() -> None:
    """Manage the weight files of the generators."""


@weights.command("list")
def list_() -> None:
    """List the generators and whether their weights are here."""
    settings = Settings.from_environment()
    for row in WEIGHTS.values():
        path = row.path(settings.models)
        here = "here" if path.exists() else "absent"
        click.echo(f"{row.name:<10} {here:<7} {row.size / 1e6:>6.0f} MB  {path}")


@weights.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def download(names: tuple[str, ...]) -> None:
    """Download the weights of the generators called NAME; a broken download is resumed."""
    from colorizer.generators.download import download as download_weights

    settings = Settings.from_environment()
    for row in [find_weights(name) for name in names]:
        with click.progressbar(length=row.size, label=row.file, file=sys.stderr) as bar:

            def progress(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            path = download_weights(
                row,
                settings.models,
                mirror=settings.weights_url,
                trusted=settings.trust_sha256,
                progress=progress,
            )
        click.echo(f"{path} is complete and verified.")


@weights.command()
def verify() -> None:
    """Compare the weight files that are here with their published sums.

    The folded copies that a start keeps beside them are compared with what their weights give; one
    that differs is deleted.
    """
    settings = Settings.from_environment()
    wrong = 0
    for row in WEIGHTS.values():
        path = row.path(settings.models)
        if not path.exists():
            continue
        try:
            with open_verified(path, row, settings.trust_sha256) as file:
                click.echo(f"{path.name}: right")
                if row.architecture == "builtin" or generators.check_folded(row.architecture, file):
                    continue
            wrong += 1
            click.echo(
                f"What was kept of {path.name} for quicker starts would have coloured otherwise. "
                "It has been deleted; the next start makes it anew. See who may write to "
                f"{path.parent}.",
                err=True,
            )
        except WeightsError as error:
            wrong += 1
            click.echo(str(error), err=True)
    sys.exit(1 if wrong else 0)
