"""The way of every pixel from a frame to the next, and how far it is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

# One thread: the result is the same each time, and films leave the other cores to photos.
cv2.setNumThreads(1)

Map = NDArray[Any]  # (h, w, n) float32

BLUR = 1.2  # pixels, standard deviation: grain has no way
AROUND = 15  # pixels of the square whose mean levels two lumas: exposure flickers

# Of trust: how far the way there and back may miss, in pixels and as a share of the way, and by
# how many levels of 255 the lumas may differ.
MISS, MISS_OF_WAY = 2.0, 0.05
DIFFERENCE = 12.0

STEPS = 8  # iterations of the search: more find no better way

SMALLEST = 12  # pixels of a side: the flow of smaller pictures isn't looked for


@dataclass(frozen=True)
class Way:
    """Where the pixels of a frame are in a neighbour.

    Attributes
    ----------
    offsets
        (h / 2, w / 2, 2) float16, sides rounded up: how many pixels to the right and down of its
        own place. At half the size, for the search doesn't look more closely.
    trust
        (h, w) uint8: 255 where it is sure, 0 where the neighbour has no such pixel.
    """

    offsets: NDArray[np.float16]
    trust: NDArray[np.uint8]


def steady(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take grain, dust and scratches out of a luma, (h, w) uint8, which the flow would follow."""
    calm: Any = cv2.GaussianBlur(cv2.medianBlur(luma, 3), (0, 0), BLUR)
    return np.asarray(calm)


def find_ways(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[Way, Way]:
    """Find where the pixels of a frame were in the one before, and the other way round.

    A way is trusted where the way back leads to where it began and the lumas are the same, but for
    their means around there.

    Parameters
    ----------
    before, after
        Lumas of neighbours, (h, w) uint8, steadied.

    Returns
    -------
    tuple of two Way
        From `after` to `before`, and from `before` to `after`.
    """
    medium = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
    to_before, to_after = search(after, before, medium), search(before, after, medium)
    lumas = before.astype(np.float32), after.astype(np.float32)
    return (
        Way(_halve(to_before), _trust(lumas[1], lumas[0], to_before, to_after)),
        Way(_halve(to_after), _trust(lumas[0], lumas[1], to_after, to_before)),
    )


def search(here: NDArray[np.uint8], there: NDArray[np.uint8], preset: int) -> Map:
    """Find where the pixels of `here` are in `there`: offsets, (h, w, 2) float32.

    Dense inverse search: Kroeger and others, *Fast Optical Flow using Dense Inverse Search*, 2016.
    Pictures too small for it don't move.
    """
    if min(here.shape) < SMALLEST:
        return np.zeros((*here.shape, 2), np.float32)
    flow: Any = cv2.DISOpticalFlow.create(preset)
    flow.setGradientDescentIterations(STEPS)
    return np.asarray(flow.calc(here, there, None))


def follow(planes: Map, offsets: Map) -> Map:
    """Take values, (h, w) or (h, w, n) float32, from where offsets, (h, w, 2), lead."""
    return _sample(planes, _places(offsets))


def fetch(planes: Map, way: Way) -> Map:
    """Fetch values, (h, w, n) float32, from the neighbour that a way leads to."""
    height, width = planes.shape[:2]
    offsets = cv2.resize(way.offsets.astype(np.float32), (width, height))
    return follow(planes, offsets)


def _halve(offsets: Map) -> NDArray[np.float16]:
    height, width = offsets.shape[:2]
    size = -(-width // 2), -(-height // 2)
    return cv2.resize(offsets, size, interpolation=cv2.INTER_AREA).astype(np.float16)


def _places(offsets: NDArray[Any]) -> Map:
    """Turn offsets into places in the picture."""
    height, width = offsets.shape[:2]
    places = np.empty(offsets.shape, np.float32)
    np.add(offsets[..., 0], np.arange(width, dtype=np.float32), out=places[..., 0])
    np.add(offsets[..., 1], np.arange(height, dtype=np.float32)[:, None], out=places[..., 1])
    return places


def _sample(planes: Map, places: Map) -> Map:
    found: Any = cv2.remap(
        planes, places, cast(Any, None), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found)


def _trust(here: Map, there: Map, way: Map, back: Map) -> NDArray[np.uint8]:
    """Tell how far the way from `here` to `there` is to be trusted."""
    places = _places(way)
    found = _sample(cv2.merge([back, there]), places)
    missed: Map = cv2.magnitude(way[..., 0] + found[..., 0], way[..., 1] + found[..., 1])
    missed /= MISS + MISS_OF_WAY * cv2.magnitude(way[..., 0], way[..., 1])
    difference = here - found[..., 2]
    difference -= cv2.blur(difference, (AROUND, AROUND))
    difference /= DIFFERENCE
    trust = cv2.exp(-missed * missed - difference * difference)
    height, width = here.shape
    inside = cv2.inRange(places, (-0.5, -0.5), (width - 0.5, height - 0.5))
    return np.asarray((255 * trust + 0.5).astype(np.uint8) & inside)
