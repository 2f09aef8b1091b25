"""How many pixels an inch a file says that it has; None where it says nothing of inches or metres.

libvips gives 72 pixels an inch, or one a millimetre, where a file says nothing, and takes numbers
without a unit for millimetres. So it isn't asked.
"""

from __future__ import annotations

import io
import math

from colorizer.pictures.tiff_tags import (
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Directories,
    Directory,
)

INCH, CENTIMETER, METER = 1.0, 1 / 2.54, 1 / 0.0254  # in inches


def dots_per_inch(across: float, down: float, unit: float) -> tuple[float, float] | None:
    """Convert pixels a unit to pixels an inch; None where they make no sense.

    Parameters
    ----------
    across, down
        Pixels a unit.
    unit
        How many inches the unit has.
    """
    if not all(math.isfinite(each) and each > 0 for each in (across, down)):
        return None
    return across / unit, down / unit


def tiff_dpi(directory: Directory) -> tuple[float, float] | None:
    """Read the resolution in a directory of TIFF or EXIF (TIFF 6.0, tags 282, 283 and 296)."""
    across, down = (directory.numbers(tag) for tag in (X_RESOLUTION, Y_RESOLUTION))
    # Inches are what no unit means; unit 1 says that only the shape of pixels is meant.
    unit = {2: INCH, 3: CENTIMETER}.get(directory.number(RESOLUTION_UNIT, 2))
    if across is None or down is None or unit is None:
        return None
    return dots_per_inch(float(across[0]), float(down[0]), unit)


def exif_dpi(exif: bytes | None) -> tuple[float, float] | None:
    """Read the resolution in EXIF, a TIFF structure without a prefix."""
    if not exif:
        return None
    try:
        directories = Directories(io.BytesIO(exif))
        return tiff_dpi(directories.read(directories.first)[0])
    except ValueError:
        return None
