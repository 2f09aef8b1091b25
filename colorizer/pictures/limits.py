"""How long a picture may take a process of its own, and how much memory: what sound ones need."""

from __future__ import annotations

import math
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

# Seconds of a processor for looking at a header, which takes milliseconds.
PATIENCE = 10.0
# A busy machine gives a process this part of a processor, so the clock is watched by so much more.
SHARE = 1 / 4


@dataclass(frozen=True)
class Need:
    """What pictures of a kind take at most.

    Attributes
    ----------
    memory
        Bytes a pixel, beside four times the file: measured with what takes the most of each kind,
        as 16 bits with alpha, interlaced or progressive, and turned.
    seconds
        Of a processor, a megapixel: some ten times what a common machine takes for that.
    """

    memory: int
    seconds: float = 2.0


_READING = {
    "JPEG": Need(24),
    "PNG": Need(28),
    "TIFF": Need(28),
    "WEBP": Need(40),
    "AVIF": Need(40, 3.0),
    "HEIC": Need(40, 3.0),
    "JPEG2000": Need(44, 10.0),
    "BMP": Need(16),
    "PNM": Need(16, 30.0),  # numbers in letters, and 16 bits, are read one by one by Pillow
    "GIF": Need(16),
}
_WRITING = Need(128, 10.0)  # of AVIF

# What libraries, and the threads of libvips, take besides: of addresses rather than of memory.
_BESIDES = 768 << 20
_DESCRIPTORS = 64


def need_of(kind: str | None) -> Need:
    """Return what a picture needs that is read from a kind of file; if None, that is written."""
    return _WRITING if kind is None else _READING[kind]


def seconds_for(need: Need, megapixels: float, patience: float = PATIENCE) -> float:
    """Return the seconds of a processor that a picture may take; of 0 megapixels, its header.

    Parameters
    ----------
    need, megapixels
        What its kind takes; its size.
    patience
        The seconds for the header; the others are longer or shorter as this is.
    """
    return patience * (1 + megapixels * need.seconds / PATIENCE)


def limit_process() -> None:
    """Let this process open few files, and dump no core of the pictures in its memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _set_soft(resource.RLIMIT_NOFILE, _DESCRIPTORS)


def limit_call(need: Need, file_bytes: int, megapixels: float, patience: float) -> None:
    """Limit the memory and the time that this process may take from now on, for one picture.

    The memory that is beyond the limit is refused to decoders, which some of them don't survive;
    the time beyond it ends the process by SIGXCPU.

    Parameters
    ----------
    need
        What its kind takes.
    file_bytes
        The length of its file; 0 of a picture that is written.
    megapixels
        Its size, as far as it is known: 0 while only its header is looked for.
    patience
        As for `seconds_for`.
    """
    wanted = int(megapixels * 1e6) * need.memory + 4 * file_bytes + _BESIDES
    limit_memory(wanted)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = usage.ru_utime + usage.ru_stime + seconds_for(need, megapixels, patience)
    _set_soft(resource.RLIMIT_CPU, math.ceil(seconds))


def limit_memory(more: int) -> None:
    """Let this process take so many bytes more than it has, where the system keeps that limit."""
    if sys.platform == "linux":  # macOS has this limit, and doesn't keep it
        _set_soft(resource.RLIMIT_AS, _address_space() + more)


def _address_space() -> int:
    """Return how many bytes of addresses this process has taken, by Linux's proc(5)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _set_soft(limit: int, value: int) -> None:
    """Set a limit that this process may raise again, as far as its own hard one allows."""
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(limit, (value, hard))
