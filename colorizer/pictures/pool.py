"""Pictures read and written in child processes, since strangers send them.

A picture can crash, hang or fill the program that decodes it. In a process of its own it does so to
nobody else: whoever sent it is told, and another process takes the place.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from colorizer.errors import N_, BrokenPictureError, ColorizerError, MemoryShortError
from colorizer.pictures import profiles, reading, writing
from colorizer.pictures.failures import unpack_error
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import PREVIEW, Box

# Windows has neither limits for a process nor sockets that pass files on.
APART = sys.platform != "win32"
if APART:
    from colorizer.pictures import messages
    from colorizer.pictures.limits import SHARE, Need, need_of, seconds_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from colorizer.pictures.messages import Header, Part

    Answer = list[NDArray[Any]]

T = TypeVar("T")

log = logging.getLogger(__name__)

# A child process takes a fraction of a second to start, unless the machine has no time for it.
START_SECONDS = 60
END_SECONDS = 5
_WRITING = ("write_photo", "preview_photo")

_FAILED = N_(
    "The picture made the program that opens it fail, so it can't be coloured. Save it anew in "
    "another program and try again."
)
_TOO_LONG = N_(
    "Opening the picture took far longer than a sound one takes, so it was given up. Save it anew "
    "in another program and try again."
)
_NOT_WRITTEN = N_(
    "The result can't be written, because of what the picture's file says of itself. Save the "
    "picture anew in another program, without such words, and try again."
)


class PicturePool:
    """Makes the calls of `reading`, `writing` and `profiles` in child processes, with limits.

    The calls have the parameters, results and errors of the plain functions; where a picture breaks
    the child process or its limits, `BrokenPictureError` or `MemoryShortError` is raised. Any
    number of threads may call. On Windows, they are made in this process.

    Parameters
    ----------
    kept
        Child processes that `shrink` leaves.
    most
        Child processes at a time; further calls wait.
    patience
        Seconds of a processor for a header; the other times are measured by this one.

    See Also
    --------
    limits : what else children are held to
    """

    def __init__(self, kept: int = 2, most: int = 4, patience: float = 10.0) -> None:
        self._kept, self._most, self._patience = kept, most, patience
        self._idle: list[_Child] = []
        self._taken = 0  # places, of `most`, with an idle child or with one at work
        self._changed = threading.Condition()
        # Files that hang in the check, which needs no turn, leave processes to those that have one.
        self._checks = threading.Semaphore(max(1, most - 2))
        self._all: set[_Child] = set()
        weakref.finalize(self, _end_all, self._all)

    def __enter__(self) -> PicturePool:
        """Return the pool, which the end of the block closes."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the first process, without waiting until it is ready; others come when needed."""
        with self._changed:
            if not APART or self._taken:
                return
            self._taken += 1
        self._give_back(self._started())

    def shrink(self) -> None:
        """End the processes that have nothing to do, but for a few; more are started when needed.

        They stay until then, since it takes far longer to start one than to look at a small file.
        """
        with self._changed:
            over, self._idle = self._idle[self._kept :], self._idle[: self._kept]
        for child in over:
            self._end(child)

    def close(self) -> None:
        """End the processes; one that is at work ends after that, and so does any later one."""
        with self._changed:
            self._kept = 0
        self.shrink()

    def check_photo(
        self, source: Path | BinaryIO, max_megapixels: float = reading.MEGAPIXELS
    ) -> str:
        """Check a file by its first bytes and its header: `reading.check_photo`."""
        if not APART:
            return reading.check_photo(source, max_megapixels)
        path, parts = _place(source)
        call = {"call": "check_photo", "path": path, "max_megapixels": max_megapixels}
        with self._checks:
            return self._ask(call, parts, lambda header, _: messages.unpack_kind(header["kind"]))

    def read_photo(
        self,
        source: Path | BinaryIO,
        max_megapixels: float = reading.MEGAPIXELS,
        box: Box | None = None,
    ) -> Photo:
        """Decode a photo, or a part of it: `reading.read_photo`."""
        if not APART:
            return reading.read_photo(source, max_megapixels, box)
        path, parts = _place(source)
        call = {
            "call": "read_photo",
            "path": path,
            "max_megapixels": max_megapixels,
            "box": box,
        }
        pixels = min(max_megapixels * 1e6, box[2] * box[3] if box else math.inf)

        def take(header: Header, answer: Answer) -> Photo:
            photo = messages.unpack_photo(header, answer, pixels)
            if max(photo.width, photo.height) > reading.LONGEST_SIDE:
                raise ValueError("a longer side than is read")
            return photo

        return self._ask(call, parts, take, most=int(pixels * 8) + messages.MOST_METADATA)

    def write_photo(
        self,
        photo: Photo,
        target: Path | BinaryIO,
        kind: str | None = None,
        *,
        keep_gps: bool = False,
    ) -> None:
        """Encode a photo, and write what its file said of itself: `writing.write_photo`."""
        if not APART:
            writing.write_photo(photo, target, kind, keep_gps=keep_gps)
            return
        path = os.path.abspath(target) if isinstance(target, Path) else None
        header, parts = messages.pack_photo(photo)
        call: Header = {"call": "write_photo", "photo": header, "path": path}
        call |= {"kind": kind, "keep_gps": keep_gps}
        pixels = photo.width * photo.height
        most = 2 * 8 * pixels + messages.MOST_METADATA
        encoded = self._ask(call, parts, lambda _, answer: answer, pixels=pixels, most=most)
        if not isinstance(target, Path):
            target.write(encoded[0].data)

    def preview_photo(self, photo: Photo, longest: int = PREVIEW) -> bytes:
        """Encode a small picture of a photo, for pages: `writing.preview_photo`."""
        if not APART:
            return writing.preview_photo(photo, longest)
        header, parts = messages.pack_photo(photo)
        call = {"call": "preview_photo", "photo": header, "longest": longest}
        pixels, most = photo.width * photo.height, 2 * 4 * longest * longest
        return self._ask(
            call, parts, lambda _, answer: answer[0].tobytes(), pixels=pixels, most=most
        )

    def is_srgb(self, profile: bytes | None) -> bool:
        """Tell whether a profile makes no difference to sRGB: `profiles.is_srgb`."""
        if profile is None or not APART:
            return profiles.is_srgb(profile)
        return self._ask(
            {"call": "is_srgb"}, [profile], lambda header, _: header["is_srgb"] is True
        )

    def convert(
        self, rgb: NDArray[np.uint16], profile: bytes, *, to_srgb: bool
    ) -> NDArray[np.uint16]:
        """Convert a small picture from a profile's space to sRGB, or back: `profiles.convert`."""
        if not APART:
            return profiles.convert(rgb, profile, to_srgb=to_srgb)

        def take(_: Header, answer: Answer) -> NDArray[np.uint16]:
            if (answer[0].shape, answer[0].dtype) != (rgb.shape, rgb.dtype):
                raise ValueError("another size")
            return answer[0]

        call = {"call": "convert", "to_srgb": to_srgb}
        return self._ask(call, [rgb, profile], take, pixels=rgb.size // 3, most=rgb.nbytes)

    def _ask(
        self,
        call: Header,
        parts: Sequence[Part],
        take: Callable[[Header, Answer], T],
        *,
        pixels: int = 0,
        most: int = 0,
    ) -> T:
        """Have a child process make a call, and take what it answers.

        Parameters
        ----------
        call, parts
            The call, and its arrays and bytes.
        take
            Makes the result of the answer, or fails if it isn't one.
        pixels
            How many there are in the call, whose number the limits go by.
        most
            Bytes of arrays that there can be in the answer.
        """
        call |= {"pixels": pixels, "patience": self._patience}
        for _ in range(self._most + 1):
            child = self._lend()
            try:
                return child.ask(call, parts, take, most)
            except _GoneError as error:  # While it was idle, for whatever reason.
                reason = error.__cause__
            finally:
                self._give_back(child)
        raise OSError("the process that reads and writes pictures can't be started") from reason

    def _lend(self) -> _Child:
        """Wait for a child process that has nothing to do."""
        with self._changed:
            while not self._idle and self._taken >= self._most:
                self._changed.wait()
            if self._idle:
                return self._idle.pop()
            self._taken += 1
        return self._started()

    def _started(self) -> _Child:
        """Start a child process, for which a place is taken."""
        try:
            child = _Child()
        except BaseException:
            self._free_place()
            raise
        self._all.add(child)
        return child

    def _give_back(self, child: _Child) -> None:
        """Keep a child process that is well, unless the pool is closed; else end it."""
        with self._changed:
            if child.is_well and self._kept:
                self._idle.append(child)
                self._changed.notify()
                return
        self._end(child)

    def _end(self, child: _Child) -> None:
        child.end()
        self._all.discard(child)
        self._free_place()

    def _free_place(self) -> None:
        with self._changed:
            self._taken -= 1
            self._changed.notify()


class _GoneError(Exception):
    """A child process has not even begun with what it was asked for."""


class _Child:
    """A child process and the socket to it, used by one thread at a time."""

    def __init__(self) -> None:
        self.is_well = True
        self._link, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            try:
                self._process = subprocess.Popen(  # noqa: S603 - ourselves
                    [sys.executable, "-m", "colorizer.pictures.worker", str(number)],
                    pass_fds=[number],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,  # the command line's own is for pictures
                    cwd=Path(__file__).parents[2],  # this package is there, whatever else is
                    start_new_session=True,  # Ctrl-C is for the parent
                )
            except BaseException:
                self._link.close()
                raise

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # by a disk that doesn't answer
            self._process.wait(END_SECONDS)
        self._link.close()

    def ask(
        self,
        call: Header,
        parts: Sequence[Part],
        take: Callable[[Header, Answer], T],
        most: int,
    ) -> T:
        """Have it make a call, and take the answer; it isn't well afterwards if that failed.

        Raises
        ------
        _GoneError
            If it has not begun; another process can be asked.
        ColorizerError, OSError
            As the plain function, or because the picture broke the process or its limits.
        """
        self.is_well = False
        try:
            messages.send(self._link, call, parts)
            messages.receive(self._link, 0, time.monotonic() + START_SECONDS)
        except (OSError, EOFError, ValueError) as error:
            raise _GoneError from error
        failure: ColorizerError
        try:
            header, answer = self._wait(call, most)
            result = unpack_error(header) if "error" in header else take(header, answer)
        except TimeoutError:
            reason, failure = "took too long", BrokenPictureError(_TOO_LONG)
        except (EOFError, ConnectionError):
            reason, failure = self._ending()
        except Exception as lie:  # whatever is wrong in what should be a header or an array
            reason, failure = f"answered wrongly: {lie!r}", BrokenPictureError(_FAILED)
        else:
            if not isinstance(result, Exception):
                self.is_well = True
                return result
            self.is_well = not isinstance(result, MemoryShortError)
            raise result
        if call["call"] in _WRITING and isinstance(failure, BrokenPictureError):
            failure = BrokenPictureError(_NOT_WRITTEN)
        log.warning("The process for a picture %s (%s); it is replaced", reason, call["call"])
        raise failure

    def _wait(self, call: Header, most: int) -> tuple[Header, Answer]:
        """Wait for the answer, as long as a picture of its size may take."""
        header, answer = self._receive(most, need_of(None), call["pixels"] / 1e6, call["patience"])
        if "opened" in header:
            need = need_of(header["opened"])
            megapixels = min(max(0, header["megapixels"]), call["max_megapixels"])
            return self._receive(most, need, megapixels, call["patience"])
        return header, answer

    def _receive(
        self, most: int, need: Need, megapixels: float, patience: float
    ) -> tuple[Header, Answer]:
        seconds = seconds_for(need, megapixels, patience) / SHARE
        return messages.receive(self._link, most, time.monotonic() + seconds)

    def _ending(self) -> tuple[str, ColorizerError]:
        """Tell how the process has ended, and what that means for the picture."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        code = self._process.returncode
        if code == -signal.SIGXCPU:
            return "took too long", BrokenPictureError(_TOO_LONG)
        if code == -signal.SIGKILL:  # by the system, which has no memory left
            return "was killed", MemoryShortError(reading.MEMORY_SHORT)
        return f"ended with {code}", BrokenPictureError(_FAILED)


def _place(source: Path | BinaryIO) -> tuple[str | None, list[Part]]:
    """Tell a child process where a file is; what has no place is handed over."""
    if isinstance(source, Path):
        return os.path.abspath(source), []
    return None, [source.read()]


def _end_all(children: set[_Child]) -> None:
    for child in list(children):
        child.end()
