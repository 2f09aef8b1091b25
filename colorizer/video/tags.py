"""What a result says of itself: the film's words as far as true, and that colour is a guess."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Mapping
from pathlib import Path

from colorizer.pictures.facts import is_place
from colorizer.pictures.metadata import SOURCE_TYPE
from colorizer.pictures.xmp import Additions, clean_text, parse_or_begin, write_xmp
from colorizer.version import __version__

# FFmpeg's names of tags that stay. Names of programs and of brands are untrue of a result.
_KEPT = (
    *("title", "date", "creation_time", "comment", "description", "synopsis", "artist", "author"),
    *("album_artist", "composer", "copyright", "genre", "album", "show", "network", "episode_id"),
    *(
        "season_number",
        "episode_sort",
        "keywords",
        "grouping",
        "year",
        "publisher",
        "make",
        "model",
    ),
)
_PLACES = (
    "location",
    "location-eng",
    "com.apple.quicktime.location.ISO6709",
    "LOCATION",
)
# The box of XMP in an MP4 file: Adobe's XMP specification, part 3, section 1.2.7.1.
_XMP_BOX = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")


def kept_tags(source: Mapping[str, str], *, keep_gps: bool) -> dict[str, str]:
    """Return which of a film's tags its result keeps.

    Parameters
    ----------
    source
        The film's, by FFmpeg's names, in any case of letters.
    keep_gps
        Whether the place where it was taken may stay.
    """
    lower = {key.lower(): clean_text(value) for key, value in source.items()}
    tags = {key: lower[key] for key in _KEPT if lower.get(key)}
    if keep_gps:
        place = next((lower[key.lower()] for key in _PLACES if lower.get(key.lower())), "")
        return {**tags, "location": place} if place else tags
    return {key: value for key, value in tags.items() if not is_place("", key, value)}


def mark_tags(tags: Mapping[str, str], generator: str) -> dict[str, str]:
    """Return tags with a comment, after the film's own one, that a machine made the colours."""
    mark = f"Colours are a guess by Colorizer {__version__} ({generator}). {SOURCE_TYPE}"
    comment = "\n".join(text for text in (tags.get("comment", ""), mark) if text)
    return {**tags, "comment": comment}


def append_mark(path: Path, generator: str) -> None:
    """Append XMP to an MP4 file that says what a photo's says: how its colours were made.

    Raises
    ------
    OSError
        If it can't be written.
    """
    root = parse_or_begin(None)
    additions = Additions(root)
    additions.mark("Iptc4xmpExt:DigitalSourceType", SOURCE_TYPE)
    additions.mark("Iptc4xmpExt:AISystemUsed", f"Colorizer ({generator})")
    additions.mark("Iptc4xmpExt:AISystemVersionUsed", __version__)
    packet = write_xmp(root)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 24 + len(packet), b"uuid") + _XMP_BOX.bytes + packet)
