"""Names of files that any disk takes, and that are no two of them one name on any disk."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

# Bytes of UTF-8 in a name: the limit of ext4 and APFS. NTFS and exFAT count UTF-16, of which there
# never is more.
LONGEST = 255

# What Windows' disks have no room for in a name, and the names of devices, which it opens instead.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Return a name that no disk refuses, alters or takes for something else than a file."""
    name = _FORBIDDEN.sub("_", name).rstrip(" .") or "_"
    return f"_{name}" if _DEVICE.match(name) else name


def fit_name(stem: str, ending: str) -> str:
    """Join a stem and an ending; of a stem that is too long, as many characters as there is room.

    Parameters
    ----------
    stem
        What may be cut.
    ending
        What may not: an extension, and what stands before it.
    """
    room = LONGEST - _size(ending)
    kept = stem[:room] if room > 0 else ""
    # An accent that is a character of its own goes with its letter.
    while kept and (_size(kept) > room or _is_accent(stem[len(kept) :][:1])):
        kept = kept[:-1]
    return (kept if kept == stem else kept.rstrip(" .")) + ending


def distinct_names(choices: Sequence[Sequence[str]]) -> list[str]:
    """Choose a name for each file, so that no two of them are one name on any disk.

    Many disks take letters' case, or two ways to write the same letter in Unicode, for no
    difference. All files whose names are alike go on to their next choices; those that are alike in
    the last ones are numbered.

    Parameters
    ----------
    choices
        For each file the names it may have, or paths to them, the best one first.
    """
    level = [0] * len(choices)
    while True:
        names = [rows[at] for rows, at in zip(choices, level, strict=True)]
        times = Counter(map(_fold, names))
        alike = [
            number
            for number, name in enumerate(names)
            if times[_fold(name)] > 1 and level[number] + 1 < len(choices[number])
        ]
        if not alike:
            return _numbered(names, times)
        for number in alike:
            level[number] += 1


def _numbered(names: list[str], times: Counter[str]) -> list[str]:
    """Give the names that are alike numbers, all but the first of each."""
    taken = {key for key, count in times.items() if count == 1}
    last: Counter[str] = Counter()
    result = []
    for name in names:
        key, path = _fold(name), PurePath(name)
        while times[key] > 1 and _fold(name) in taken:
            last[key] += 1
            ending = f" ({last[key] + 1}){path.suffix}"
            name = str(path.with_name(fit_name(path.stem, ending)))
        taken.add(_fold(name))
        result.append(name)
    return result


def _fold(name: str) -> str:
    """Return what names have in common that some disk takes for one: Unicode's caseless match."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _size(text: str) -> int:
    # Bytes of a disk that are no UTF-8 are lone surrogates in Python.
    return len(text.encode("utf-8", "surrogatepass"))


def _is_accent(letter: str) -> bool:
    return bool(letter) and unicodedata.combining(letter) > 0
