"""The command line: ``python -m colorizer …`` and ``flask --app app …``."""

from __future__ import annotations

from typing import Any

import click

from colorizer.commands.colorize import colorize
from colorizer.commands.doctor import doctor
from colorizer.commands.weights import weights
from colorizer.errors import ColorizerError
from colorizer.version import __version__


class Group(click.Group):
    """Commands that say what went wrong in one sentence, without a trace."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant: in a pipe, ``-`` alone is ``colorize -``."""
        return super().resolve_command(ctx, ["colorize", *args] if args[0] == "-" else args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ColorizerError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group)
@click.version_option(__version__, prog_name="colorizer")
def cli() -> None:
    """Colour black-and-white photographs with DeOldify."""


for command in (colorize, weights, doctor):
    cli.add_command(command)
