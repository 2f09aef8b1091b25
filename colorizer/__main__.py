"""``python -m colorizer``, and the ``colorizer`` command of an installed library."""

from colorizer.process import tune


def main() -> None:
    """Run the command line."""
    tune()
    from colorizer.commands import cli  # which imports NumPy

    cli(prog_name="colorizer")


if __name__ == "__main__":
    main()
