"""Zips of photographs to one memory-mapped array of small squares, split for training.

A cache folder holds `squares.npy` (photographs squeezed to squares, 8-bit Y, Cr, Cb),
`names.txt` (archive and member of each), `split.npz` (rows for training and validation) and the
`palette.pt` of `training.colours`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizer.files import written_whole

SIDE = 160
VALIDATION_SHARE = 0.05
NEAR = 22.0  # bits of 64 by which two dHashes differ + levels by which two thumbnails do

# 8-bit Cb and Cr per unit of B - Y and R - Y, as OpenCV scales them.
CB_SCALE = 255 * 0.564
CR_SCALE = 255 * 0.713


def read_photos(archives: list[Path]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Read every photograph of the archives.

    Yields
    ------
    str
        Archive and member, as `photos-00.zip/00001.webp`.
    ndarray
        Pixels, (H, W, 3) RGB.
    """
    for path in sorted(archives):
        with zipfile.ZipFile(path) as archive:
            for member in sorted(archive.namelist()):
                if member.lower().endswith((".webp", ".jpg", ".jpeg", ".png")):
                    with Image.open(io.BytesIO(archive.read(member))) as image:
                        yield f"{path.name}/{member}", np.asarray(image.convert("RGB"))


def squeeze(rgb: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.uint8]:
    """Squeeze a photograph to a square of Y, Cr, Cb (no clipping, unlike 8-bit U and V)."""
    method = cv2.INTER_AREA if min(rgb.shape[:2]) > side else cv2.INTER_LINEAR
    small = cv2.resize(rgb, (side, side), interpolation=method)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), dtype=np.uint8)


def hash_square(square: NDArray[np.uint8], mirror: bool = False) -> int:
    """Compute the 64-bit difference hash of a square's luma, or of its mirror image."""
    luma = square[..., 0]
    if mirror:
        luma = luma[:, ::-1]
    small = cv2.resize(luma, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    packed = np.packbits(small[:, 1:] > small[:, :-1])
    return int.from_bytes(packed.tobytes(), "big")


def find_twins(
    squares: NDArray[np.uint8], train: NDArray[np.int64], validation: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Find validation rows that show (almost) the same picture as a training row.

    Twins are two pictures, one of them perhaps mirrored, whose difference hashes (in bits) and
    8 x 8 colour thumbnails (mean difference in levels of 255) are together at most `NEAR` apart.
    """

    def thumbnail(row: np.int64) -> NDArray[np.float32]:
        small = cv2.resize(squares[row], (8, 8), interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.float32)

    hashes = np.array([hash_square(squares[row]) for row in train], dtype=np.uint64)
    thumbnails = np.array([thumbnail(row) for row in train])
    twins = []
    for row in validation:
        for mirror in (False, True):
            bits = np.bitwise_count(hashes ^ np.uint64(hash_square(squares[row], mirror)))
            near = np.flatnonzero(bits <= NEAR)
            own = thumbnail(row)[:, ::-1] if mirror else thumbnail(row)
            levels = np.abs(thumbnails[near] - own).mean(axis=(1, 2, 3))
            if np.any(bits[near] + levels <= NEAR):
                twins.append(row)
                break
    return np.array(twins, dtype=np.int64)


def build_cache(archives: list[Path], folder: Path, seed: int = 0) -> None:
    """Fill a cache folder from the archives; a complete one is left as it is."""
    if (folder / "split.npz").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    names, squares = [], []
    for name, rgb in read_photos(archives):
        names.append(name)
        squares.append(squeeze(rgb))
    stack = np.stack(squares)
    np.save(folder / "squares.npy", stack)
    (folder / "names.txt").write_text("\n".join(names) + "\n")

    order = np.random.default_rng(seed).permutation(len(names))
    held_out = max(1, round(VALIDATION_SHARE * len(names)))
    validation, train = np.sort(order[:held_out]), np.sort(order[held_out:])
    twins = find_twins(stack, train, validation)
    with written_whole(folder / "split.npz") as part:  # last: where it is, the cache is complete
        np.savez(part, train=train, validation=np.setdiff1d(validation, twins))


class Photos:
    """The cached photographs with their split.

    Attributes
    ----------
    folder : Path
        Of the cache.
    squares : ndarray
        (N, SIDE, SIDE, 3) 8-bit Y, Cr, Cb, memory-mapped.
    names : list of str
        Archive and member of each row.
    train, validation : ndarray
        Rows; held-out photographs with a twin in training are in neither.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.squares: NDArray[np.uint8] = np.load(folder / "squares.npy", mmap_mode="r")
        self.names = (folder / "names.txt").read_text().splitlines()
        with np.load(folder / "split.npz") as split:
            self.train: NDArray[np.int64] = split["train"]
            self.validation: NDArray[np.int64] = split["validation"]


def degrade(luma: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Age a luma picture (values 0 to 1): blur, tone, fading, uneven light, grain, scratches."""
    side = luma.shape[0]
    if rng.random() < 0.3:
        luma = _blur(luma, rng.uniform(0.3, 1.3) * side / 128)
    if rng.random() < 0.5:
        luma = np.power(luma, np.exp(rng.normal(0, 0.25)), dtype=np.float32)
    if rng.random() < 0.5:
        black, white = rng.uniform(-0.08, 0.25), rng.uniform(0.7, 1.1)
        luma = black + (white - black) * luma
    if rng.random() < 0.15:
        ramp = np.linspace(-0.5, 0.5, side, dtype=np.float32) * rng.normal(0, 0.25)
        luma = luma * (1 + (ramp[:, None] if rng.random() < 0.5 else ramp))
    if rng.random() < 0.3:
        grain = rng.standard_normal((side, side), dtype=np.float32)
        if rng.random() < 0.5:
            grain = 1.8 * _blur(grain, 0.6)
        luma = luma + np.float32(rng.uniform(0.01, 0.06)) * grain
    if rng.random() < 0.05:
        luma = np.ascontiguousarray(luma, dtype=np.float32)
        for _ in range(rng.integers(1, 4)):
            ends = rng.integers(0, side, 4)
            shade = float(rng.choice([0.1, 0.95]))
            cv2.line(luma, ends[:2].tolist(), ends[2:].tolist(), shade, 1, cv2.LINE_AA)
    return np.clip(luma, 0, 1).astype(np.float32)


def _blur(luma: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma), dtype=np.float32)


def crop(
    square: NDArray[np.uint8], side: int, smallest: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Cut out at least `smallest` of each side, resize to `side`, mirror every other time."""
    full = square.shape[0]
    height, width = (rng.uniform(smallest, 1, 2) * full).round().astype(int)
    height = int(np.clip(height, width / 1.25, width * 1.25))
    top, left = rng.integers(0, full - height + 1), rng.integers(0, full - width + 1)
    part = square[top : top + height, left : left + width]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    method = cv2.INTER_AREA if min(height, width) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (side, side), interpolation=method), dtype=np.uint8)


def training_batch(
    photos: Photos, step: int, size: int, side: int, smallest: float = 0.6, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make the batch of one step, a function of seed and step alone.

    Returns
    -------
    luma : ndarray
        (size, 1, side, side), 0 to 1, aged.
    chroma : ndarray
        (size, 2, side / 4, side / 4), B - Y and R - Y of the untouched photographs.
    """
    rng = np.random.default_rng((seed, step))
    luma = np.empty((size, 1, side, side), np.float32)
    chroma = np.empty((size, 2, side // 4, side // 4), np.float32)
    epoch, orders = -1, np.empty(0, np.int64)
    for i in range(size):
        position = step * size + i
        if position // len(photos.train) != epoch:
            epoch = position // len(photos.train)
            orders = np.random.default_rng((seed, epoch, 1)).permutation(photos.train)
        square = photos.squares[orders[position % len(photos.train)]]
        picture = crop(square, side, smallest, rng)
        luma[i, 0] = degrade((picture[..., 0] / 255).astype(np.float32), rng)
        chroma[i] = shrink_chroma(picture)
    return luma, chroma


def shrink_chroma(square: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Average a square's B - Y and R - Y over 4 x 4 pixels, as (2, side / 4, side / 4)."""
    quarter = square.shape[0] // 4
    centred = square[..., :0:-1].astype(np.float32) - 128
    small = cv2.resize(centred, (quarter, quarter), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray((small / (CB_SCALE, CR_SCALE)).transpose(2, 0, 1), np.float32)
