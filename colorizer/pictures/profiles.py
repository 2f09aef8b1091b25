"""ICC profiles: colours on their way between sRGB, where generators live, and a photo's space."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import ImageCms

# The primaries of sRGB as ICC profiles give them: adapted to D50, in 16.16 fixed point.
_WHITE = (0xF6D6, 0x10000, 0xD32D)
_PRIMARIES: dict[bytes, tuple[int, ...]] = {
    b"rXYZ": (0x6FA2, 0x38F5, 0x390),
    b"gXYZ": (0x6299, 0xB785, 0x18DA),
    b"bXYZ": (0x24A0, 0xF84, 0xB6CF),
}


def srgb_profile() -> bytes:
    """Return a profile of sRGB."""
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


def usable_profile(profile: bytes | None) -> bytes | None:
    """Return the profile that a coloured photo has if its file names `profile`.

    A grey one is given sRGB's primaries, so that every grey keeps its value and its look. One
    that is damaged, or of another kind, counts as none.
    """
    if profile is None:
        return None
    space = profile[16:20]
    try:
        if space == b"GRAY":
            profile = _grey_to_rgb(profile)
        elif space != b"RGB ":
            return None
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
        convert(np.zeros((1, 1, 3), np.uint16), profile, to_srgb=True)
        convert(np.zeros((1, 1, 3), np.uint16), profile, to_srgb=False)
    except (ValueError, KeyError, OSError, struct.error, pyvips.Error, ImageCms.PyCMSError):
        return None
    return profile


def is_srgb(profile: bytes | None) -> bool:
    """Tell whether a profile makes no difference to sRGB, as does none."""
    if profile is None:
        return True
    steps = np.linspace(0, 65535, 6).astype(np.uint16)
    cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(6, -1, 3)
    difference = convert(cube, profile, to_srgb=True).astype(np.int32) - cube
    return bool(np.abs(difference).max() <= 2 * 257)


def inks_to_srgb(image: Any, profile: bytes | None) -> Any:
    """Convert a libvips image of CMYK to sRGB of the same depth, by its profile if it has one."""
    depth = 16 if image.format == "ushort" else 8
    if profile:
        try:
            inks = image.copy()
            inks.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
            return inks.icc_transform("srgb", embedded=True, depth=depth, intent="relative")
        except pyvips.Error:  # a damaged profile is no reason to refuse a picture
            pass
    # Browsers convert inks like this where no profile says which they are.
    white = 65535 if depth == 16 else 255
    light = (white - image[:3]) * (white - image[3]) / white
    return light.rint().cast(image.format).copy(interpretation="rgb16" if depth == 16 else "srgb")


def lab_to_srgb(image: Any, depth: int) -> Any:
    """Convert a libvips image of CIE Lab under D50 to sRGB of 8 or 16 bits."""
    lab = image.copy(interpretation="lab")
    return lab.icc_export(output_profile="srgb", intent="relative", depth=depth)


def convert(rgb: NDArray[np.uint16], profile: bytes, *, to_srgb: bool) -> NDArray[np.uint16]:
    """Convert a small picture from a profile's space to sRGB, or back.

    Parameters
    ----------
    rgb
        (H, W, 3) uint16.
    profile
        An RGB profile.
    to_srgb
        Whether `rgb` is in the profile's space and sRGB is wanted; else the other way round.
    """
    height, width = rgb.shape[:2]
    data = np.ascontiguousarray(rgb)
    image: Any = pyvips.Image.new_from_memory(data, width, height, 3, "ushort")
    image = image.copy(interpretation="rgb16")
    if to_srgb:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
        image = image.icc_import(embedded=True, intent="relative")
        image = image.icc_export(output_profile="srgb", intent="relative", depth=16)
    else:
        image = image.icc_import(input_profile="srgb", intent="relative").copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
        image = image.icc_export(intent="relative", depth=16)
    result: NDArray[np.uint16] = image.numpy()
    return result


def make_profile(gamma: float | None, chromaticities: Sequence[float]) -> bytes | None:
    """Make an RGB profile of a curve and primaries; None where that is sRGB.

    Parameters
    ----------
    gamma
        The exponent from samples to light; None: the curve of sRGB.
    chromaticities
        x and y of white, red, green and blue. Those that make no sense count as sRGB's.
    """
    primaries = _adapted_primaries(chromaticities) or _PRIMARIES
    if gamma is None and primaries == _PRIMARIES:
        return None
    if gamma is not None:
        curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    else:  # IEC 61966-2-1
        steps = np.linspace(0, 1, 1024)
        light = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4)
        curve = b"curv" + bytes(4) + struct.pack(">I", len(steps))
        curve += np.rint(light * 65535).astype(">u2").tobytes()
    return _assemble_profile(curve, primaries, bytes(12))


def _adapted_primaries(chromaticities: Sequence[float]) -> dict[bytes, tuple[int, ...]] | None:
    """Adapt primaries to D50 as ICC profiles have them, by Bradford's matrix (ICC.1, annex E).

    Returns None where they make no sense, or are those of sRGB but for rounding.
    """
    x, y = np.array(chromaticities[::2]), np.array(chromaticities[1::2])
    if not (0 < y).all() or not (x >= 0).all() or (x + y > 1).any():
        return None
    white, *_ = points = np.stack([x / y, np.ones(4), (1 - x - y) / y], -1)
    bradford = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    d50 = np.array(_WHITE) / 65536
    try:
        amounts = np.linalg.solve(points[1:].T, white)
        scales = np.diag((bradford @ d50) / (bradford @ white))
        adapted = np.linalg.solve(bradford, scales @ bradford) @ (points[1:].T * amounts)
    except np.linalg.LinAlgError:
        return None
    fixed = np.rint(adapted.T * 65536)
    if (amounts <= 0).any() or not (np.abs(fixed) < 4 * 65536).all():
        return None
    if np.abs(fixed - np.array(list(_PRIMARIES.values()))).max() < 200:
        return None
    return {tag: tuple(map(int, row)) for tag, row in zip(_PRIMARIES, fixed, strict=True)}


def _grey_to_rgb(profile: bytes) -> bytes:
    """Make an RGB profile with a grey one's tone curve and the primaries of sRGB."""
    if profile[20:24] != b"XYZ ":
        raise ValueError("not a curve to light")
    (count,) = struct.unpack(">I", profile[128:132])
    entries = [profile[132 + 12 * i :][:12] for i in range(min(count, 100))]
    table = {entry[:4]: struct.unpack(">II", entry[4:]) for entry in entries}
    offset, size = table[b"kTRC"]
    curve = profile[offset : offset + size]
    if curve[:4] not in (b"curv", b"para"):
        raise ValueError("no tone curve")
    return _assemble_profile(curve, _PRIMARIES, profile[24:36])


def _assemble_profile(
    curve: bytes, primaries: Mapping[bytes, tuple[int, ...]], date: bytes
) -> bytes:
    """Assemble an RGB profile of one curve for all channels, and their primaries."""
    name = b"Colours of the photo"
    text = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(79)
    tags = {
        b"desc": text,
        b"cprt": b"text" + bytes(4) + b"CC0\0",
        b"wtpt": _xyz(_WHITE),
        **{tag: _xyz(value) for tag, value in primaries.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    index, data = b"", b""
    for tag, value in tags.items():
        place = 132 + 12 * len(tags) + len(data)
        index += tag + struct.pack(">II", place, len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(">I", 132 + len(index) + len(data)) + bytes(4)
    head += bytes.fromhex("02400000") + b"mntrRGB XYZ " + date + b"acsp"
    head += bytes(28) + struct.pack(">3I", *_WHITE) + bytes(48)
    return head + struct.pack(">I", len(tags)) + index + data


def _xyz(value: tuple[int, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *value)
