"""``python -m colorizer``."""

from .commands import cli

cli(prog_name="colorizer")
