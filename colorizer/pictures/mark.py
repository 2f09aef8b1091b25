"""How a result is told from a photo: by what it says of itself, found without a decoder."""

from __future__ import annotations

import io
import re
from pathlib import Path

from colorizer.pictures.formats import HEAD, find_kind

# The text of EXIF's tag Software and of XMP's AISystemUsed, as `metadata` writes them. EXIF stands
# in a result of any kind as it is: near the beginning in JPEG and PNG, near the end in the others.
_MARK = re.compile(rb"Colorizer (\d[\w.+-]* )?\([^()\0]{1,200}\)")
_MATROSKA = b"\x1a\x45\xdf\xa3"  # besides MP4, what results of films are
_NEAR = 1 << 20  # bytes; a large colour profile may stand in between


def is_result(path: Path) -> bool:
    """Tell whether a picture or film has been coloured here; what can't be read has not."""
    try:
        with path.open("rb") as file:
            head = file.read(_NEAR)
            is_film = head[4:8] == b"ftyp" or head.startswith(_MATROSKA)
            if find_kind(head[:HEAD]) is None and not is_film:
                return False
            file.seek(max(0, file.seek(0, io.SEEK_END) - _NEAR))
            return any(_MARK.search(part) for part in (head, file.read()))
    except OSError:
        return False
