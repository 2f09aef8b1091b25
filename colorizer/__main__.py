"""``python -m colorizer``."""

from colorizer.commands import cli

cli(prog_name="colorizer")
