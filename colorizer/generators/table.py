"""The table of generators and their weight files, and the check every file must pass."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from colorizer.errors import N_, OptionError, WeightsError
from colorizer.settings import ROOT

DEEPAI = "https://data.deepai.org/deoldify/"
AUTHOR = "https://huggingface.co/spensercai/DeOldify/resolve/main/"
MIRROR = "https://huggingface.co/thookham/DeOldify/resolve/main/"


@dataclass(frozen=True)
class Weights:
    """One generator and the file its weights are in.

    Attributes
    ----------
    name, title
        What settings and the API call it; what pages call it.
    architecture
        ``deep`` and ``wide`` are DeOldify's two U-Nets, ``builtin`` is this project's network.
    file, size, sha256
        The published file: its name, bytes and sum.
    urls
        Where it is to be had, in the order they are tried. None: it comes with this project.
    """

    name: str
    title: str
    architecture: Literal["deep", "wide", "builtin"]
    file: str
    size: int
    sha256: str
    urls: tuple[str, ...] = ()

    def path(self, models: Path) -> Path:
        """Where the file stands, given the folder for downloaded weights."""
        return (models if self.urls else ROOT / "models") / self.file


# Sizes and sums are those of the files that DeOldify's author published (MIT).
WEIGHTS = {
    row.name: row
    for row in (
        Weights(
            "artistic",
            "DeOldify Artistic",
            "deep",
            "ColorizeArtistic_gen.pth",
            255_144_681,
            "3f750246fa220529323b85a8905f9b49c0e5d427099185334d048fb5b5e22477",
            (
                DEEPAI + "ColorizeArtistic_gen.pth",
                AUTHOR + "ColorizeArtistic_gen.pth",
                MIRROR + "ColorizeArtistic_gen.pth",
            ),
        ),
        Weights(
            "stable",
            "DeOldify Stable",
            "wide",
            "ColorizeStable_gen.pth",
            874_066_230,
            "ca9cd7f43fb8b222c9a70f7b292e305a000694b0ff9d2ae4a6747b1a2e1ee5af",
            (
                AUTHOR + "ColorizeStable_gen.pth",
                MIRROR + "ColorizeStable_gen.pth",
                "https://www.dropbox.com/s/axsd2g85uyixaho/ColorizeStable_gen.pth?dl=1",
            ),
        ),
        Weights(
            "video",
            "DeOldify Video",
            "wide",
            "ColorizeVideo_gen.pth",
            874_066_230,
            "e3d98bb6a222354c79f95485c2f078a89dc724e9183662506d9e0f5aafac83ad",
            (
                DEEPAI + "ColorizeVideo_gen.pth",
                AUTHOR + "ColorizeVideo_gen.pth",
                MIRROR + "ColorizeVideo_gen.pth",
            ),
        ),
        Weights(
            "builtin",
            N_("Built-in"),
            "builtin",
            "builtin.safetensors",
            22_797_552,
            "faa665821ddfe328a911347db764d831ba0b489957eb256c3ce9155bf2859291",
        ),
    )
}


def find_weights(name: str) -> Weights:
    """Return the row called `name`.

    Raises
    ------
    OptionError
        If there is none.
    """
    if name not in WEIGHTS:
        names = ", ".join(WEIGHTS)
        raise OptionError(
            N_("There is no generator “%(name)s”; there are %(names)s."), name=name, names=names
        )
    return WEIGHTS[name]


@contextmanager
def open_verified(
    path: Path, weights: Weights, trusted: Collection[str] = ()
) -> Iterator[tuple[BinaryIO, str]]:
    """Open a weight file once its size and sum are known to be right.

    Checked and read through one open file, so that what is read is what was checked.

    Parameters
    ----------
    path
        The file.
    weights
        What it should be.
    trusted
        SHA-256 sums, lower case, of further files to accept in its place.

    Yields
    ------
    tuple
        The file and its SHA-256.

    Raises
    ------
    WeightsError
        If the file is missing, or is something else: a web page, cut off, other weights.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise missing_weights(weights, path.parent) from error
    with file:
        digest = _sha256(file)
        if digest != weights.sha256 and digest not in trusted:
            raise _not_the_weights(path, weights, file, digest)
        file.seek(0)
        yield file, digest


def missing_weights(weights: Weights, folder: Path) -> WeightsError:
    """Say that a weight file is not in `folder`, and how to get it there."""
    if not weights.urls:
        return WeightsError(
            N_("%(file)s is missing; it belongs to this project. Fetch the project anew."),
            file=weights.file,
        )
    return WeightsError(
        N_(
            "The weights of %(title)s are not here. Whoever runs this server can fetch them with "
            "“python -m colorizer weights download %(name)s”, or download %(url)s elsewhere and "
            "put the file into %(folder)s."
        ),
        title=weights.title,
        name=weights.name,
        url=weights.urls[0],
        folder=folder,
    )


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _not_the_weights(path: Path, weights: Weights, file: BinaryIO, digest: str) -> WeightsError:
    """Say what a file with the wrong sum is, as far as its first bytes and its size tell."""
    size = path.stat().st_size
    file.seek(0)
    names: dict[str, object] = {"file": path.name, "title": weights.title}
    if not weights.urls:
        return WeightsError(
            N_("%(file)s is not the file that belongs to this project; fetch the project anew."),
            **names,
        )
    if file.read(256).lstrip()[:1] == b"<":
        return WeightsError(
            N_(
                "%(file)s is a web page, not weights: an error page was saved under its name. "
                "Delete it and download it again."
            ),
            **names,
        )
    if size < weights.size:
        return WeightsError(
            N_(
                "%(file)s is cut off: it has %(size)d bytes instead of %(expected)d. Delete it "
                "and download it again, or, if it is a checkpoint of your own, put its SHA-256, "
                "%(sum)s, into COLORIZER_TRUST_SHA256."
            ),
            size=size,
            expected=weights.size,
            sum=digest,
            **names,
        )
    return WeightsError(
        N_(
            "%(file)s is not the published file of %(title)s: its SHA-256 is %(sum)s. Delete it "
            "and download it again, or, if it is a checkpoint of your own, put this sum into "
            "COLORIZER_TRUST_SHA256."
        ),
        sum=digest,
        **names,
    )
