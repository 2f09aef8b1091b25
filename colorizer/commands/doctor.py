"""``doctor``: what this installation is, what is wrong with it and how to mend it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator

import click

from colorizer import generators
from colorizer.errors import ColorizerError
from colorizer.generators.table import WEIGHTS
from colorizer.generators.verify import open_verified
from colorizer.settings import PREFIX, Settings
from colorizer.version import __version__

PACKAGES = (
    "torch",
    "torchvision",
    "fastai",
    "deoldify",
    "opencv-python",
    "numpy",
    "Pillow",
)

Finding = tuple[bool, str]


@click.command()
def doctor() -> None:
    """Show versions, device, weights, folders and limits, and how to mend what is wrong."""
    settings = Settings.from_environment()
    wrong = 0
    for check in (_versions, _fastai, _device, _folders, _weights, _limits):
        for fine, text in check(settings):
            wrong += not fine
            click.echo(f"{'ok   ' if fine else 'WRONG'} {text}")
    click.echo("Nothing is wrong." if not wrong else f"{wrong} things are wrong.")
    sys.exit(1 if wrong else 0)


def _versions(settings: Settings) -> Iterator[Finding]:
    yield True, f"colorizer {__version__}, Python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield True, f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield False, f"{name} is missing. Mend it with: make install"


def _fastai(settings: Settings) -> Iterator[Finding]:
    problem, version = generators.fastai_problem(), generators.FASTAI_VERSION
    mend = f"pip install --no-deps --force-reinstall fastai=={version}"
    yield (
        (True, f"fastai is {version}, whole")
        if problem is None
        else (False, f"{problem}. Mend it with: {mend}")
    )


def _device(settings: Settings) -> Iterator[Finding]:
    try:
        device = generators.pick_device(settings.device)
    except ColorizerError as error:
        yield False, str(error)
        return
    precision = str(generators.pick_precision(settings.precision, device)).removeprefix("torch.")
    yield True, f"device {device}, precision {precision}"
    yield True, f"{settings.threads or generators.count_threads()} CPU threads for inference"


def _folders(settings: Settings) -> Iterator[Finding]:
    for folder in (settings.uploads, settings.models):
        parent = next(path for path in (folder, *folder.parents) if path.exists())
        if os.access(parent, os.W_OK):
            free = shutil.disk_usage(parent).free / 1e9
            yield True, f"{folder} can be written to, {free:.1f} GB free"
        else:
            yield False, f"{folder} can't be written to. Mend it with: sudo chown $USER {parent}"


def _weights(settings: Settings) -> Iterator[Finding]:
    for row in WEIGHTS.values():
        path = row.path(settings.models)
        if not path.exists():
            fetch = f"python -m colorizer weights download {row.name}"
            yield bool(row.urls), f"{row.title}: no weights here. To fetch them: {fetch}"
            continue
        try:
            with open_verified(path, row, settings.trust_sha256):
                yield True, f"{row.title}: {path.name} is right"
        except ColorizerError as error:
            yield False, str(error)


def _limits(settings: Settings) -> Iterator[Finding]:
    secrets = {"token", "secret_key"}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        shown = "set" if field.name in secrets and value else value
        if isinstance(value, frozenset):
            shown = ", ".join(sorted(value))
        yield True, f"{PREFIX}{field.name.upper()} = {shown}"
