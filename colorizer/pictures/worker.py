"""A child process that reads and writes pictures for its parent: ``python -m`` this, a socket.

It is started by `pool.PicturePool` and ends with its parent. What a picture can do to it, crash
it, hang it or have it ask for memory, is done to nobody else.
"""

from __future__ import annotations

import io
import os
import select
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from colorizer.process import release_memory, tune_child

tune_child()  # before NumPy is imported

from colorizer.errors import ColorizerError, MemoryShortError
from colorizer.pictures.failures import pack_error
from colorizer.pictures.limits import limit_call, limit_process, need_of
from colorizer.pictures.messages import (
    Header,
    Part,
    pack_photo,
    receive,
    send,
    unpack_photo,
)
from colorizer.pictures.photo import Photo
from colorizer.pictures.profiles import convert, is_srgb
from colorizer.pictures.reading import MEMORY_SHORT, opened, read_opened
from colorizer.pictures.writing import preview_photo, write_photo

if TYPE_CHECKING:
    from numpy.typing import NDArray

Parts = list["NDArray[Any]"]


def main() -> None:
    """Do what the parent asks for, one picture after the other, until it closes the socket."""
    link = socket.socket(fileno=int(sys.argv[1]))
    # Whoever stops the parent by a signal to all its processes lets it finish its photo first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    limit_process()
    threading.Thread(target=_end_with_parent, args=(link,), daemon=True).start()
    while True:
        _answer(link)
        release_memory()


def _end_with_parent(link: socket.socket) -> None:
    """End this process, whatever it is doing, when the other end of the socket is closed."""
    poll = select.poll()
    poll.register(link, 0)  # which tells of nothing but the end
    poll.poll()
    os._exit(0)


def _answer(link: socket.socket) -> None:
    """Wait for a call, make it, and send back what it gives or why it failed."""
    try:
        request, parts = receive(link)
    except EOFError:
        sys.exit()
    send(link, {"begun": True})
    answer: tuple[Header, list[Part]]
    try:
        answer = _CALLS[request["call"]](link, request, parts)
    except (ColorizerError, OSError) as error:
        answer = pack_error(error), []
    except MemoryError:
        answer = pack_error(MemoryShortError(MEMORY_SHORT)), []
    except Exception:  # a fault of ours, which the parent's log should have
        answer = {"fault": traceback.format_exc()[-4000:]}, []
    send(link, *answer)


def _check(link: socket.socket, request: Header, parts: Parts) -> tuple[Header, list[Part]]:
    source, _ = _source(request, parts)
    with opened(source, request["max_megapixels"]) as picture:
        return {"kind": picture.kind}, []


def _read(link: socket.socket, request: Header, parts: Parts) -> tuple[Header, list[Part]]:
    source, length = _source(request, parts)
    with opened(source, request["max_megapixels"]) as picture:
        megapixels = picture.width * picture.height / 1e6
        limit_call(need_of(picture.kind), length, megapixels, request["patience"])
        send(link, {"opened": picture.kind, "megapixels": megapixels})
        photo = read_opened(picture, request["box"])
    return pack_photo(photo)


def _write(link: socket.socket, request: Header, parts: Parts) -> tuple[Header, list[Part]]:
    photo = _photo(request, parts)
    target = io.BytesIO() if request["path"] is None else Path(request["path"])
    write_photo(photo, target, request["kind"], keep_gps=request["keep_gps"])
    return {}, [target.getvalue()] if isinstance(target, io.BytesIO) else []


def _preview(link: socket.socket, request: Header, parts: Parts) -> tuple[Header, list[Part]]:
    return {}, [preview_photo(_photo(request, parts), request["longest"])]


def _is_srgb(link: socket.socket, request: Header, parts: Parts) -> tuple[Header, list[Part]]:
    limit_call(need_of(None), 0, 0, request["patience"])
    return {"is_srgb": is_srgb(parts[0].tobytes())}, []


def _convert(link: socket.socket, request: Header, parts: Parts) -> tuple[Header, list[Part]]:
    limit_call(need_of(None), 0, request["pixels"] / 1e6, request["patience"])
    return {}, [convert(parts[0], parts[1].tobytes(), to_srgb=request["to_srgb"])]


_CALLS = {
    "is_srgb": _is_srgb,
    "convert": _convert,
    "check_photo": _check,
    "read_photo": _read,
    "write_photo": _write,
    "preview_photo": _preview,
}


def _source(request: Header, parts: Parts) -> tuple[Path | BinaryIO, int]:
    """Return the file that is to be read, with limits for looking at its header, and its length."""
    path = request["path"]
    length = parts[0].nbytes if path is None else os.stat(path).st_size
    limit_call(need_of("JPEG"), length, 0, request["patience"])  # of any kind
    return (io.BytesIO(parts[0].data) if path is None else Path(path)), length


def _photo(request: Header, parts: Parts) -> Photo:
    """Return the photo that is to be written, with limits for that."""
    pixels = request["pixels"]
    limit_call(need_of(None), 0, pixels / 1e6, request["patience"])
    return unpack_photo(request["photo"], parts, pixels)


if __name__ == "__main__":
    main()
