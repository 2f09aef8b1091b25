"""The kinds of picture files: how their bytes begin, what they are called, which are written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from colorizer.errors import N_


@dataclass(frozen=True)
class Format:
    """A kind of picture file.

    Attributes
    ----------
    extensions
        How its files' names end; ours end with the first.
    mime_type
        Its media type.
    result
        The kind of result that a file of this kind gives by default: itself where it is written
        here.
    """

    extensions: tuple[str, ...]
    mime_type: str
    result: str


FORMATS = {
    "JPEG": Format((".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif"), "image/jpeg", "JPEG"),
    "PNG": Format((".png", ".apng"), "image/png", "PNG"),
    "TIFF": Format((".tif", ".tiff"), "image/tiff", "TIFF"),
    "WEBP": Format((".webp",), "image/webp", "WEBP"),
    "AVIF": Format((".avif", ".avifs"), "image/avif", "AVIF"),
    "HEIC": Format((".heic", ".heif", ".hif", ".heics", ".heifs"), "image/heic", "JPEG"),
    "JPEG2000": Format((".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"), "image/jp2", "PNG"),
    "BMP": Format((".bmp", ".dib"), "image/bmp", "PNG"),
    "PNM": Format((".pgm", ".ppm", ".pbm", ".pnm"), "image/x-portable-anymap", "PNG"),
    "GIF": Format((".gif",), "image/gif", "PNG"),
}
WRITABLE = [kind for kind, row in FORMATS.items() if row.result == kind]
EXTENSIONS = {kind: row.extensions[0] for kind, row in FORMATS.items()}
SUFFIXES = {suffix: kind for kind, row in FORMATS.items() for suffix in row.extensions}
HEAD = 64  # bytes that tell the kind

_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",  # a bare codestream
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# Raw files of cameras that tell by their first bytes; the others are TIFFs (see `tiff_pages`).
_RAW_FILES = {
    0: (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM"),
    4: (b"ftypcrx ",),
    6: (b"HEAPCCDR",),
    8: (b"CR\2", b"IIII", b"MMMM"),
}
RAW_FILE = N_("This is a camera's raw file. Develop it to TIFF or JPEG first.")


def named_kind(path: Path) -> str | None:
    """Tell which kind of file a name asks for; None if it is no kind that is written here."""
    kind = SUFFIXES.get(path.suffix.lower())
    return kind if kind in WRITABLE else None


def find_kind(head: bytes) -> str | None:
    """Tell a file's kind by its first `HEAD` bytes alone; None if it is no picture."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        size = int.from_bytes(head[:4], "big")
        brands = {head[i : i + 4] for i in (8, *range(16, min(size, len(head)), 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        return "HEIC" if brands & _HEIC_BRANDS else None
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PNM"
    return next((kind for mark, kind in _SIGNATURES.items() if head.startswith(mark)), None)


def is_raw_file(head: bytes) -> bool:
    """Tell by a file's first `HEAD` bytes whether it is a camera's raw file."""
    return any(head.startswith(marks, place) for place, marks in _RAW_FILES.items())
