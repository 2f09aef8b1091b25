"""Chroma of a few key frames carried along the optical flow to all frames of a shot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from colorizer.video.flow import Map, Way, fetch, find_ways, steady

# Frames on each side of a segment that its colours are worked out with, as far as the shot goes:
# from there on its borders can't be seen.
MARGIN = 40

KEPT = 0.95  # how much less a frame counts for the filter than the one before it
DOUBT = 0.004  # trust of what isn't trusted at all: where no key is, the nearer one counts more


def carry(
    lumas: Iterable[NDArray[np.uint8]], keys: Mapping[int, NDArray[np.float16]], first: int = 0
) -> NDArray[np.float16]:
    """Carry the chroma of key frames to all frames of a shot, or of a part of it.

    Between two keys the chroma comes from both, the nearer and the more trusted one counting
    more; before the first key and after the last it comes from that one. Then it is filtered
    along the flow, so that it neither flickers nor pumps where keys don't agree.

    Parameters
    ----------
    lumas
        One for each frame in order, (h, w) uint8, as `squares.working_luma` makes it; all of one
        shot.
    keys
        (2, h, w) float16 by the number of the frame, as `squares.key_chroma` makes it. At least
        one is of a frame in `lumas`; others are left alone.
    first
        The number of the first frame in `lumas`.

    Returns
    -------
    numpy.ndarray
        (N, 2, h, w) float16, the chroma of each frame.

    Raises
    ------
    ValueError
        If no frame is a key.
    """
    steps: list[tuple[Way, Way]] = []
    last: NDArray[np.uint8] | None = None
    for luma in lumas:
        calm = steady(luma)
        if last is not None:
            steps.append(find_ways(last, calm))
        last = calm
    places = sorted(number - first for number in keys if 0 <= number - first <= len(steps))
    if last is None or not places:
        raise ValueError("none of the frames is a key")
    carried = np.empty((len(steps) + 1, *last.shape, 2), np.float16)
    for place in places:
        carried[place] = np.moveaxis(keys[first + place], 0, -1)
    _fill(carried, steps, places)
    return np.moveaxis(_filter(carried, steps), -1, 1)


def _fill(
    carried: NDArray[np.float16], steps: Sequence[tuple[Way, Way]], places: Sequence[int]
) -> None:
    """Fill in the frames that are no keys; the keys stand at `places`."""
    first, last = places[0], places[-1]
    backwards, forwards = [step[0] for step in steps], [step[1] for step in steps]
    for number, state in enumerate(_follow(carried[last], backwards[last:]), last + 1):
        carried[number] = state[..., :2]
    for number, state in enumerate(_follow(carried[first], forwards[:first][::-1]), 1):
        carried[first - number] = state[..., :2]
    for begin, end in pairwise(places):
        ahead = list(_follow(carried[begin], backwards[begin : end - 1]))
        behind = list(_follow(carried[end], forwards[begin + 1 : end][::-1]))[::-1]
        for number, (one, other) in enumerate(zip(ahead, behind, strict=True), begin + 1):
            one_counts = (end - number) * (one[..., 2] + DOUBT)
            other_counts = (number - begin) * (other[..., 2] + DOUBT)
            share = (one_counts / (one_counts + other_counts))[..., None]
            carried[number] = other[..., :2] + share * (one[..., :2] - other[..., :2])


def _follow(chroma: NDArray[np.float16], ways: Iterable[Way]) -> Iterator[Map]:
    """Carry chroma, (h, w, 2), along ways; yield it after each with its trust, (h, w, 3).

    The trust is the least of the whole way.
    """
    state = np.dstack([chroma.astype(np.float32), np.full(chroma.shape[:2], 1, np.float32)])
    for way in ways:
        state = fetch(state, way)
        np.minimum(state[..., 2], way.trust / np.float32(255), out=state[..., 2])
        yield state


def _filter(carried: NDArray[np.float16], steps: Sequence[tuple[Way, Way]]) -> NDArray[np.float16]:
    """Filter chroma along the flow, in place.

    Each pixel becomes the mean of itself on all frames, as far as the flow is trusted; they count
    less, the further away they are. What comes before is summed up forwards, what comes after
    backwards.
    """
    own = np.ones((*carried.shape[1:3], 1), np.float32)
    onwards = np.empty((*carried.shape[:3], 3), np.float16)
    onwards[0] = state = np.dstack([carried[0], own])
    for number, (way, _) in enumerate(steps, 1):
        onwards[number] = state = _sum_up(state, carried[number], way)
    state = np.dstack([carried[-1], own])
    for number in range(len(carried) - 1, -1, -1):
        if number < len(steps):
            state = _sum_up(state, carried[number], steps[number][1])
        before, after = onwards[number].astype(np.float32), state
        total = before[..., :2] * before[..., 2:] + after[..., :2] * after[..., 2:]
        weight = before[..., 2:] + after[..., 2:] - 1  # The frame itself is in both.
        carried[number] = (total - carried[number]) / weight
    return carried


def _sum_up(state: Map, chroma: NDArray[np.float16], way: Way) -> Map:
    """Take a mean and its weight, (h, w, 3), one frame further, and that frame into it."""
    state = fetch(state, way)
    kept = state[..., 2:] * (way.trust[..., None] * np.float32(KEPT / 255))
    weight = kept + 1
    return np.dstack([chroma + (state[..., :2] - chroma) * (kept / weight), weight])
