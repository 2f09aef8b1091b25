"""Downloading a weight file: addresses in turn, resumed, verified, then renamed into place."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from http.client import HTTPException
from pathlib import Path

import requests
from filelock import FileLock
from urllib3 import exceptions as urllib3

from colorizer.errors import N_, DownloadError, WeightsError
from colorizer.files import put_in_place
from colorizer.generators.table import Weights
from colorizer.generators.verify import open_verified

log = logging.getLogger(__name__)

# How often one address is asked again, for the rest of the file, after it broke off.
ATTEMPTS = 4
BROKEN_OFF = (
    requests.ConnectionError,
    requests.Timeout,
    urllib3.ProtocolError,
    urllib3.TimeoutError,
)
# What a server may say that is no HTTP comes from below `requests`, which lets some of it through.
REFUSED = (requests.RequestException, urllib3.HTTPError, HTTPException, ValueError)
TIMEOUT = (10, 30)  # seconds to connect; seconds without a byte
CHUNK = 1 << 18
# A checkpoint of one's own may have another size than the published one, but not any size.
LARGEST = 4 << 30

Progress = Callable[[int, int], None]


class _WrongFileError(Exception):
    """An address gives something else than the file; the next one may be better."""


class _WrongPartError(Exception):
    """An address gives another part of the file than the one that was asked for."""


def download(
    weights: Weights,
    models: Path,
    *,
    mirror: str = "",
    trusted: Collection[str] = (),
    progress: Progress = lambda done, total: None,
) -> Path:
    """Download one generator's weights, unless they are there.

    What has arrived is kept in ``<file>.part`` and resumed. It becomes ``<file>`` only once size
    and SHA-256 are right. Two processes never fetch at once: the second waits for the first.

    Parameters
    ----------
    weights
        What to download.
    models
        The folder it goes to; made if missing.
    mirror
        Base address that is tried first, as ``<mirror>/<file>``.
    trusted
        SHA-256 sums accepted besides the published one.
    progress
        Called with the bytes that are here and the bytes there will be.

    Returns
    -------
    Path
        The verified file.

    Raises
    ------
    DownloadError
        If no address gave the file, or it can't be written. The message says what to do by hand.
    """
    path = weights.path(models)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock")):
            if path.exists():
                with open_verified(path, weights, trusted):
                    return path
            own = [f"{mirror.rstrip('/')}/{weights.file}"] if mirror else []
            for url in [*own, *weights.urls]:
                try:
                    _fetch_resuming(url, part, weights, trusted, progress)
                    put_in_place(part, path)
                    return path
                except (*REFUSED, _WrongFileError) as error:
                    log.warning("%s: %s", url, error)
    except OSError as error:
        raise DownloadError(
            N_("%(file)s could not be written to %(folder)s: %(reason)s."),
            file=weights.file,
            folder=path.parent,
            reason=error.strerror or error,
        ) from error
    raise DownloadError(
        N_(
            "%(file)s could not be downloaded. Download %(url)s on a machine that can reach it and "
            "put the file into %(folder)s; nothing else is needed."
        ),
        file=weights.file,
        url=weights.urls[0],
        folder=path.parent,
    )


def _fetch_resuming(
    url: str, part: Path, weights: Weights, trusted: Collection[str], progress: Progress
) -> None:
    """Fill `part` from one address; a connection that breaks off is taken up where it broke."""
    for _ in range(ATTEMPTS):
        start = part.stat().st_size if part.exists() else 0
        try:
            _fetch_once(url, part, start, None if trusted else weights.size, progress)
            with open_verified(part, weights, trusted):
                return
        except BROKEN_OFF as error:
            if not part.exists() or part.stat().st_size == start:
                raise  # not a byte came: this address is gone rather than shaky
            log.info("%s broke off, going on from there: %s", url, error)
        except (WeightsError, _WrongPartError) as error:
            part.unlink(missing_ok=True)
            if start == 0:
                raise _WrongFileError(str(error)) from error
            log.info("what was resumed is wrong, starting over: %s", error)
    raise _WrongFileError("broke off too often")


def _fetch_once(url: str, part: Path, start: int, size: int | None, progress: Progress) -> None:
    """Append to `part` what `url` gives from byte `start` on; `size` is None if not known."""
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            return  # all of it is here already, or too much: the sum will tell
        response.raise_for_status()
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise _WrongFileError("a web page instead of the file")
        if response.status_code != requests.codes.partial_content:
            start = 0  # the server ignored the range and sends the file from its beginning
        elif not re.match(rf"bytes {start}-", response.headers.get("Content-Range", ""), re.I):
            raise _WrongPartError(f"not the part from byte {start} on")
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if re.fullmatch("[0-9]{1,18}", length) else size or 0
        if size is not None and total != size:
            raise _WrongFileError(f"{total} bytes instead of {size}")
        if total > LARGEST:
            raise _WrongFileError(f"{total} bytes, more than any weight file has")
        if shutil.disk_usage(part.parent).free < total - start:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for chunk in _pieces(response):
                file.write(chunk)
                progress(file.tell(), total)
                if file.tell() > (total or LARGEST):
                    raise _WrongFileError("more bytes than announced")


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Give what comes as soon as it does: `iter_content` loses the last piece before a break."""
    while piece := response.raw.read1(CHUNK, decode_content=True):
        yield piece
