"""What goes between this process and one that handles pictures: JSON, and pixels in shared memory.

With the JSON of a message comes, where there are any, a file without a name that holds its arrays
and bytes one after the other. Nothing that arrives is believed, since a process that a picture has
taken over sends anything: what is announced is checked, and nothing is ever unpickled.
"""

from __future__ import annotations

import fcntl
import json
import math
import mmap
import os
import socket
import stat
import struct
import tempfile
import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorizer.pictures.formats import FORMATS
from colorizer.pictures.photo import About, Photo, Pixels

Header = dict[str, Any]
Part = bytes | NDArray[Any]

# What headers and metadata stay below.
_MOST_HEADER, MOST_METADATA = 64 << 10, 64 << 20
_STRIP = 16 << 20  # bytes that are copied at a time where an array isn't contiguous
_ALIGNED = 64


def send(link: socket.socket, header: Header, parts: Sequence[Part] = ()) -> None:
    """Send a message.

    Parameters
    ----------
    link
        A socket of the Unix domain.
    header
        What JSON can hold.
    parts
        Bytes, and arrays of uint8 or uint16, contiguous or not.

    Raises
    ------
    OSError
        If the other side is gone, or memory for the parts can't be had.
    """
    arrays = [_as_array(part) for part in parts]
    header = header | {"parts": [[array.itemsize, *array.shape] for array in arrays]}
    text = json.dumps(header).encode()
    data = struct.pack(">I", len(text)) + text
    if not arrays:
        link.sendall(data)
        return
    file = _nameless_file()
    try:
        _fill(file, arrays)
        sent = socket.send_fds(link, [data], [file])
        link.sendall(data[sent:])
    finally:
        os.close(file)


def receive(
    link: socket.socket, most: int | None = None, until: float | None = None
) -> tuple[Header, list[NDArray[Any]]]:
    """Receive a message.

    Parameters
    ----------
    link
        A socket of the Unix domain.
    most
        Bytes that its parts may have together; None: any number.
    until
        When to give up, by the monotonic clock; None: never.

    Returns
    -------
    tuple
        The header, and the parts: arrays of uint8 or uint16 that can't be written to. Nobody else
        writes to them either.

    Raises
    ------
    EOFError
        If the other side is gone.
    TimeoutError
        If the message isn't there in time.
    ValueError
        If it isn't what it says.
    """
    data = b""
    files: list[int] = []
    try:
        length = 4
        while len(data) < length:
            if until is not None:
                link.settimeout(max(until - time.monotonic(), 1e-3))
            flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
            more, new, _, _ = socket.recv_fds(link, length - len(data), 1, flags)
            files += new
            if len(files) > 1:
                raise ValueError("several files")
            if not more:
                raise EOFError
            data += more
            if len(data) == 4:
                length += struct.unpack(">I", data)[0]
                if length > _MOST_HEADER:
                    raise ValueError("a header that is too long")
        header = json.loads(data[4:])
        if not isinstance(header, dict):
            raise ValueError("no header")
        return header, _take(files, header.pop("parts"), most)
    finally:
        link.settimeout(None)
        for file in files:
            os.close(file)


def pack_photo(photo: Photo) -> tuple[Header, list[Part]]:
    """Give a photo as a header and parts; a grey one's single plane goes once."""
    grey = photo.rgb.strides[2] == 0
    parts: list[Part] = [photo.rgb[..., :1] if grey else photo.rgb]
    if photo.alpha is not None:
        parts.append(photo.alpha)
    about = {name: getattr(photo.about, name) for name in _ABOUT}
    metadata = {name: value for name, value in about.items() if isinstance(value, bytes)}
    for name in _TEXTS:  # They may be longer than a header.
        metadata[name] = json.dumps(about[name], ensure_ascii=False).encode(*_UTF_8)
    header = {
        "alpha": photo.alpha is not None,
        "photo": {name: getattr(photo, name) for name in _PHOTO},
        "about": {name: value for name, value in about.items() if name not in metadata},
        "metadata": list(metadata),
    }
    return header, parts + list(metadata.values())


def unpack_kind(kind: Any) -> str:
    """Return a kind of file; ValueError if it is none."""
    if kind not in FORMATS:
        raise ValueError("no kind of file")
    return str(kind)


def unpack_photo(header: Header, parts: list[NDArray[Any]], most_pixels: float) -> Photo:
    """Make a photo of a header and parts.

    Parameters
    ----------
    header, parts
        As `pack_photo` gives them.
    most_pixels
        How many it may have.

    Raises
    ------
    ValueError, KeyError, IndexError, TypeError, AttributeError
        If they are not what they should be.
    """
    parts = list(parts)
    rgb: Pixels = parts.pop(0)
    if rgb.ndim != 3 or rgb.shape[2] not in (1, 3):
        raise ValueError("no pixels")
    height, width, bands = rgb.shape
    if not 0 < width * height <= most_pixels:
        raise ValueError("another size")
    if bands == 1:
        rgb = np.broadcast_to(rgb, (height, width, 3))
    alpha = parts.pop(0) if header["alpha"] is True else None
    if alpha is not None and (alpha.shape, alpha.dtype) != ((height, width), rgb.dtype):
        raise ValueError("another transparency")
    told: dict[str, Any] = dict(header["about"])
    told |= {name: _as_bytes(part) for name, part in zip(header["metadata"], parts, strict=True)}
    told |= {name: json.loads(told[name].decode(*_UTF_8)) for name in _TEXTS}
    if told.keys() != _ABOUT.keys():
        raise ValueError("says something else of itself")
    about = About(**{name: _checked(_ABOUT[name], value) for name, value in told.items()})
    rest = {name: _checked(_PHOTO[name], value) for name, value in header["photo"].items()}
    unpack_kind(rest["kind"])
    return Photo(rgb, alpha, about=about, **rest)


_PIXELS = ("rgb", "alpha", "about")
_PHOTO = {field.name: str(field.type) for field in fields(Photo) if field.name not in _PIXELS}
_ABOUT = {field.name: str(field.type) for field in fields(About)}
_PAIRS = "tuple[tuple[str, str], ...]"
_TEXTS = [name for name, annotation in _ABOUT.items() if annotation == _PAIRS]
_UTF_8 = ("utf-8", "surrogatepass")  # for halves of characters, which damaged texts may have


def _checked(annotation: str, value: Any) -> Any:
    """Return a value that is of a type, as `Photo` and `About` annotate their fields."""
    if annotation.endswith(" | None") and value is None:
        return None
    annotation = annotation.removesuffix(" | None")
    if annotation in ("bytes", "str", "int") and type(value).__name__ == annotation:
        return value
    if annotation == _PAIRS:
        return tuple((str(keyword), str(text)) for keyword, text in value)
    if annotation == "tuple[float, float]":
        across, down = value
        if all(isinstance(v, int | float) and math.isfinite(v) for v in (across, down)):
            return across, down
    raise ValueError(f"not of type {annotation}")


def _as_array(part: Part) -> NDArray[Any]:
    if isinstance(part, bytes):
        return np.frombuffer(part, np.uint8) if part else np.empty(0, np.uint8)
    return part


def _as_bytes(part: NDArray[Any]) -> bytes:
    if part.nbytes > MOST_METADATA:
        raise ValueError("more than a file says of itself")
    return part.tobytes()


def _nameless_file() -> int:
    """Open a file that goes with its last descriptor: in memory where the system is Linux."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("picture", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _places(sizes: Sequence[int]) -> tuple[list[int], int]:
    """Tell where parts of these sizes stand in a file, and how long it is."""
    places, end = [], 0
    for size in sizes:
        places.append(-(-end // _ALIGNED) * _ALIGNED)
        end = places[-1] + size
    return places, end


def _fill(file: int, arrays: Sequence[NDArray[Any]]) -> None:
    """Write arrays into a file; in a map of it, each page would be cleared first."""
    places, end = _places([array.nbytes for array in arrays])
    os.ftruncate(file, end)
    for place, array in zip(places, arrays, strict=True):
        rows = max(1, _STRIP // max(1, array[:1].nbytes))
        step = len(array) if array.flags.c_contiguous else rows
        for top in range(0, len(array), step or 1):
            strip = np.ascontiguousarray(array[top : top + step])
            data = strip.reshape(-1).view(np.uint8).data
            while data:
                written = os.pwrite(file, data, place)
                data, place = data[written:], place + written


def _take(files: list[int], shapes: Any, most: int | None) -> list[NDArray[Any]]:
    """Give the arrays of a message as its header describes them."""
    types, sizes = [], []
    for itemsize, *shape in shapes:
        if not all(type(n) is int and n >= 0 for n in shape) or not 1 <= len(shape) <= 3:
            raise ValueError("no shape")
        types.append((np.dtype({1: np.uint8, 2: np.uint16}[itemsize]), shape))
        sizes.append(itemsize * math.prod(shape))
    places, end = _places(sizes)
    if most is not None and end > most:
        raise ValueError("more than there can be")
    if len(files) != bool(types):
        raise ValueError("parts without a file, or a file without parts")
    memory = _memory(files[0], end) if end else b""
    return [
        np.frombuffer(memory, dtype, math.prod(shape), place).reshape(shape)
        if size
        else np.empty(shape, dtype)
        for (dtype, shape), size, place in zip(types, sizes, places, strict=True)
    ]


def _memory(file: int, length: int) -> mmap.mmap | memoryview:
    """Give what a file of this length holds, for good: shared if it can be sealed, else copied."""
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise ValueError("no memory")
    sealed = _seal(file)
    if os.fstat(file).st_size != length:
        raise ValueError("another length")
    if sealed:
        # Private, as some kernels share nothing writable that is sealed; it is not written to.
        return mmap.mmap(file, length, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    copy = bytearray()
    while len(copy) < length:
        more = os.pread(file, min(length - len(copy), _STRIP), len(copy))
        if not more:
            raise ValueError("cut off")
        copy += more
    return memoryview(copy).toreadonly()


def _seal(file: int) -> bool:
    """Have the system refuse that anybody shortens a file or writes to it; tell if it will.

    A file that is shortened while it is mapped ends the process that reads it, by SIGBUS.
    """
    if not hasattr(fcntl, "F_ADD_SEALS"):
        return False
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    try:
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
    except OSError:  # no memory's file, or one that is mapped to be written to
        return False
    return True
