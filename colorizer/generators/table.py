"""The table of generators: what they are called, their weight files, where those are to be had."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from colorizer.errors import N_, OptionError
from colorizer.places import shipped_models

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
    every
        In a film it sees every so manieth frame of a shot: a quick one more of them.
    """

    name: str
    title: str
    architecture: Literal["deep", "wide", "builtin"]
    file: str
    size: int
    sha256: str
    urls: tuple[str, ...] = ()
    every: int = 8

    def path(self, models: Path) -> Path:
        """Where the file stands, given the folder for downloaded weights."""
        return (models if self.urls else shipped_models()) / self.file


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
            every=4,
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
