"""``python -m colorizer``, and the ``colorizer`` command of an installed library."""

from colorizer.commands import cli


def main() -> None:
    """Run the command line."""
    cli(prog_name="colorizer")


if __name__ == "__main__":
    main()
