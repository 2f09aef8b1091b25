"""A photo in memory: its pixels, and what its file says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

Pixels = NDArray[Any]  # of uint8 or uint16


@dataclass(frozen=True)
class About:
    """What a picture file says of itself.

    Attributes
    ----------
    icc_profile
        The colour profile that the pixels are in. A file that names none is taken to be in sRGB.
    exif
        EXIF, as a TIFF structure without a prefix; None where the file has none.
    xmp
        XMP, as an XML packet; None where the file has none.
    xmp_extension
        What a JPEG's XMP has beyond its first segment; None where that is all.
    iptc
        IPTC's datasets as the file wraps them; None where the file has none.
    texts
        Other texts, by their keywords in PNG (``Title``, ``Author``, …); comments are ``Comment``.
    dpi
        Pixels an inch, across and down; None where the file says nothing of its resolution.
    pages
        How many pictures the file has. Only the first is read.
    orientation
        How the picture was stored before it was turned upright, 1 to 8, as EXIF counts.
    """

    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    xmp_extension: bytes | None = None
    iptc: bytes | None = None
    texts: tuple[tuple[str, str], ...] = ()
    dpi: tuple[float, float] | None = None
    pages: int = 1
    orientation: int = 1


@dataclass(frozen=True)
class Photo:
    """A decoded photograph, upright.

    Attributes
    ----------
    rgb
        (H, W, 3) of 8 or 16 bits. May be a read-only view: a grey picture takes one plane.
    alpha
        (H, W) of as many bits, or None where the file has no transparency.
    kind
        The kind of file it came from: a key of `formats.FORMATS`.
    about
        What its file says of itself. The profile, if there is one, is an RGB profile.
    generator
        The title of the generator that coloured it; None where nothing has coloured it.
    hints
        How many of its colours a person has put right.
    """

    rgb: Pixels
    alpha: Pixels | None = None
    kind: str = "PNG"
    about: About = field(default_factory=About)
    generator: str | None = None
    hints: int = 0

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.rgb.shape[0])
