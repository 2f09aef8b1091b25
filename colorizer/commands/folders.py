"""Which files of a folder are photos or films."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from colorizer.pictures.formats import HEAD, SUFFIXES, find_kind
from colorizer.video.containers import EXTENSIONS, film_kind
from colorizer.video.containers import HEAD as FILM_HEAD

# Where systems, NAS boxes and archivers keep what is nobody's photo, in small letters. Besides
# these, whatever is hidden is left out: “._a.jpg”, “.thumbnails”, “.Trash-1000”.
HOUSEKEEPING = {
    "$recycle.bin",
    "__macosx",
    "@eadir",
    "@recently-snapshot",
    "@recycle",
    "@tmp",
    "#recycle",
    "#snapshot",
    "desktop.ini",
    "ehthumbs.db",
    "lost+found",
    "picasa.ini",
    "recycler",
    "system volume information",
    "thumbs.db",
}
# What looks like the extension of some other program's file. “Scan 12.5.1938” has none.
_EXTENSION = re.compile(r"\.(?=.*[A-Za-z])[\w~-]{1,16}", re.ASCII)
# A text may begin with the letters of these, too.
_VAGUE = ("BMP", "PNM")


@dataclass
class Contents:
    """What there is in a folder.

    Attributes
    ----------
    photos
        Files that are pictures by their names, or by their bytes if their names have no extension;
        and films, which are so by both.
    others
        The other files, but for those that nobody has put there.
    errors
        Why some of the folders in it can't be looked through.
    """

    photos: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    errors: list[OSError] = field(default_factory=list)


def look_through(folder: Path, out: Path, recursive: bool) -> Contents:
    """Find the photos of a folder, in the order of their names; `out` holds results and no photos.

    Parameters
    ----------
    folder
        The folder.
    out
        A folder that is not looked into, however it is spelled.
    recursive
        Whether to look into the folders in it. Links to folders are not followed.
    """
    contents = Contents()
    for place, folders, files in os.walk(folder, onerror=contents.errors.append):
        folders[:] = sorted(
            name
            for name in folders
            if recursive and _is_meant(name) and not is_same_file(Path(place, name), out)
        )
        for path in (Path(place, name) for name in sorted(files) if _is_meant(name)):
            if is_photo(path) or is_film(path):
                contents.photos.append(path)
            else:
                contents.others.append(path)
    return contents


def is_photo(path: Path) -> bool:
    """Tell whether a file that nobody has named is to be coloured; a photo may be damaged."""
    if not os.path.isfile(path):  # nor is a pipe ever opened, which might wait for ever
        return path.suffix.lower() in SUFFIXES and not os.path.exists(path)  # a link to nowhere
    if has_extension(path):
        return path.suffix.lower() in SUFFIXES
    return kind_by_bytes(path) not in (None, *_VAGUE)


def is_film(path: Path) -> bool:
    """Tell whether a file is a film by its name and its bytes: others have the same extensions."""
    return path.suffix.lower() in EXTENSIONS and os.path.isfile(path) and is_film_by_bytes(path)


def is_film_by_bytes(path: Path | None) -> bool:
    """Tell whether a file is a film by its first bytes; what can't be read, or waited for, isn't.

    None is standard input, from which only photos come.
    """
    if path is None or not os.path.isfile(path):
        return False
    try:
        with path.open("rb") as file:
            return film_kind(file.read(FILM_HEAD)) is not None
    except OSError:
        return False


def has_extension(path: Path) -> bool:
    """Tell whether a name ends with what some program tells a kind of file by."""
    return _EXTENSION.fullmatch(path.suffix) is not None


def kind_by_bytes(path: Path) -> str | None:
    """Tell the kind of a file by its first bytes; None if it is no picture or can't be read."""
    try:
        with path.open("rb") as file:
            return find_kind(file.read(HEAD))
    except OSError:
        return None


def is_same_file(path: Path, other: Path) -> bool:
    """Tell whether two names are of one file or folder that is there."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _is_meant(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in HOUSEKEEPING
