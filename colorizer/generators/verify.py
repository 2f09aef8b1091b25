"""The check that every weight file must pass before anything reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from colorizer.errors import N_, WeightsError
from colorizer.generators.table import Weights


@dataclass(frozen=True)
class VerifiedFile:
    """A weight file that is what it should be: where it stands, open for reading, its SHA-256."""

    path: Path
    file: BinaryIO
    sha256: str


@contextmanager
def open_verified(
    path: Path, weights: Weights, trusted: Collection[str] = ()
) -> Iterator[VerifiedFile]:
    """Open a weight file once its size and sum are known to be right.

    Checked and read through one open file, so that what is read is what was checked.

    Parameters
    ----------
    path
        The file.
    weights
        What it should be.
    trusted
        SHA-256 sums, lower case, of further files to accept in its place.

    Yields
    ------
    VerifiedFile
        The file, at its beginning.

    Raises
    ------
    WeightsError
        If the file is missing, or is something else: a web page, cut off, other weights.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise missing_weights(weights, path.parent) from error
    with file:
        digest = _sha256(file)
        if digest != weights.sha256 and digest not in trusted:
            raise _not_the_weights(path, weights, file, digest)
        file.seek(0)
        yield VerifiedFile(path, file, digest)


def missing_weights(weights: Weights, folder: Path) -> WeightsError:
    """Say that a weight file is not in `folder`, and how to get it there."""
    if not weights.urls:
        return WeightsError(
            N_("%(file)s is missing; it belongs to this project. Fetch the project anew."),
            file=weights.file,
        )
    return WeightsError(
        N_(
            "The weights of %(title)s are not here. Whoever runs this server can fetch them with "
            "“python -m colorizer weights download %(name)s”, or download %(url)s elsewhere and "
            "put the file into %(folder)s."
        ),
        title=weights.title,
        name=weights.name,
        url=weights.urls[0],
        folder=folder,
    )


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _not_the_weights(path: Path, weights: Weights, file: BinaryIO, digest: str) -> WeightsError:
    """Say what a file with the wrong sum is, as far as its first bytes and its size tell."""
    size = path.stat().st_size
    file.seek(0)
    names: dict[str, object] = {"file": path.name, "title": weights.title}
    if not weights.urls:
        return WeightsError(
            N_("%(file)s is not the file that belongs to this project; fetch the project anew."),
            **names,
        )
    if file.read(256).lstrip()[:1] == b"<":
        return WeightsError(
            N_(
                "%(file)s is a web page, not weights: an error page was saved under its name. "
                "Delete it and download it again."
            ),
            **names,
        )
    if size < weights.size:
        return WeightsError(
            N_(
                "%(file)s is cut off: it has %(size)d bytes instead of %(expected)d. Delete it "
                "and download it again, or, if it is a checkpoint of your own, put its SHA-256, "
                "%(sum)s, into COLORIZER_TRUST_SHA256."
            ),
            size=size,
            expected=weights.size,
            sum=digest,
            **names,
        )
    return WeightsError(
        N_(
            "%(file)s is not the published file of %(title)s: its SHA-256 is %(sum)s. Delete it "
            "and download it again, or, if it is a checkpoint of your own, put this sum into "
            "COLORIZER_TRUST_SHA256."
        ),
        sum=digest,
        **names,
    )
