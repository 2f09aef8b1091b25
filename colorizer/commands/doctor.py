"""``doctor``: what this installation is, what is wrong with it and how to mend it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from typing import Literal

import click

from colorizer import generators
from colorizer.commands.advisories import find_advisories, installed_versions
from colorizer.errors import ColorizerError
from colorizer.generators.table import WEIGHTS
from colorizer.generators.verify import open_verified
from colorizer.library.room import find_trouble
from colorizer.pictures.pool import APART
from colorizer.process import allow_descriptors
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

# A thousand connections, and what else a server opens.
DESCRIPTORS = 1100

Level = Literal["ok", "warn", "WRONG"]
Finding = tuple[Level, str]


@click.command()
def doctor() -> None:
    """Show versions, device, weights, folders and limits, and how to mend what is wrong.

    The exit code is 1 if something is wrong; a warning is no such thing.
    """
    settings = Settings.from_environment()
    counts = {"ok": 0, "warn": 0, "WRONG": 0}
    for check in (
        *(_versions, _advisories, _fastai, _device, _pictures, _folders, _weights),
        *(_limits, _privacy),
    ):
        for level, text in check(settings):
            counts[level] += 1
            click.echo(f"{level:<5} {text}")
    if counts["warn"]:
        click.echo(f"{counts['warn']} warning{'s' * (counts['warn'] > 1)}.")
    click.echo(
        "Nothing is wrong." if not counts["WRONG"] else f"{counts['WRONG']} things are wrong."
    )
    sys.exit(1 if counts["WRONG"] else 0)


def _versions(settings: Settings) -> Iterator[Finding]:
    yield "ok", f"colorizer {__version__}, Python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield "ok", f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield "WRONG", f"{name} is missing. Mend it with: make install"


def _advisories(settings: Settings) -> Iterator[Finding]:
    for text in find_advisories(installed_versions()):
        yield "warn", text


def _fastai(settings: Settings) -> Iterator[Finding]:
    problem, version = generators.fastai_problem(), generators.FASTAI_VERSION
    mend = f"pip install --no-deps --force-reinstall fastai=={version}"
    yield (
        ("ok", f"fastai is {version}, whole")
        if problem is None
        else ("WRONG", f"{problem}. Mend it with: {mend}")
    )


def _device(settings: Settings) -> Iterator[Finding]:
    try:
        device = generators.pick_device(settings.device)
    except ColorizerError as error:
        yield "WRONG", str(error)
        return
    precision = str(generators.pick_precision(settings.precision, device)).removeprefix("torch.")
    yield "ok", f"device {device}, precision {precision}"
    yield "ok", f"{settings.threads or generators.count_threads()} CPU threads for inference"


def _pictures(settings: Settings) -> Iterator[Finding]:
    yield (
        ("ok", "pictures are read and written in processes of their own")
        if APART
        else ("warn", "a bad picture can end this program: Windows lacks the means against that")
    )


def _folders(settings: Settings) -> Iterator[Finding]:
    for folder, room in ((settings.uploads, settings.room), (settings.models, 0)):
        parent = next(path for path in (folder, *folder.parents) if path.exists())
        trouble = find_trouble(parent, room)
        if trouble == "shut":
            yield "WRONG", f"{folder} can't be written to. Mend it with: sudo chown $USER {parent}"
            continue
        free = shutil.disk_usage(parent).free / 1e9
        if trouble == "full":
            yield "WRONG", f"{folder}: the disk is full, {free:.2f} of {room / 1e9:.2f} GB are free"
        else:
            yield "ok", f"{folder} can be written to, {free:.1f} GB free"


def _weights(settings: Settings) -> Iterator[Finding]:
    for row in WEIGHTS.values():
        path = row.path(settings.models)
        if not path.exists():
            fetch = f"python -m colorizer weights download {row.name}"
            level: Level = "ok" if row.urls else "WRONG"
            yield level, f"{row.title}: no weights here. To fetch them: {fetch}"
            continue
        try:
            with open_verified(path, row, settings.trust_sha256):
                yield "ok", f"{row.title}: {path.name} is right"
        except ColorizerError as error:
            yield "WRONG", str(error)


def _limits(settings: Settings) -> Iterator[Finding]:
    secrets = {"token", "secret_key"}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        shown = "set" if field.name in secrets and value else value
        if isinstance(value, frozenset):
            shown = ", ".join(sorted(value))
        yield "ok", f"{PREFIX}{field.name.upper()} = {shown}"


def _privacy(settings: Settings) -> Iterator[Finding]:
    """Look at what strangers may see and use up."""
    folder = settings.uploads
    if os.name == "posix" and folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield (
            "warn",
            f"{folder} can be looked into by others on this machine. Mend it with: "
            f"chmod go= {folder}",
        )
    allowed = allow_descriptors(DESCRIPTORS)
    if allowed < DESCRIPTORS:
        yield (
            "warn",
            f"Only {allowed} files and connections may be open at a time, so fewer visitors are "
            f"served at once. Mend it with: ulimit -n {DESCRIPTORS}",
        )
