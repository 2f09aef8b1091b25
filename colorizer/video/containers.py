"""The kinds of film files: how their bytes begin, and which of FFmpeg's formats opens each."""

from __future__ import annotations

HEAD = 2048  # bytes that tell the kind

# FFmpeg's names of formats (`ffmpeg -formats`), which its whitelist takes. Lists of files, which
# would open others (ffconcat, HLS, SDP), and pictures are none of these.
FORMATS = {
    "mp4": "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska": "matroska,webm",
    "avi": "avi",
    "mpegts": "mpegts",
    "mpeg": "mpeg",
    "flv": "flv",
    "asf": "asf",
    "ogg": "ogg",
    "mxf": "mxf",
}
# Kinds whose clock runs on from a broadcast, or from wherever, and may begin anew in the middle.
RUNNING_CLOCKS = ("mpegts", "mpeg")

EXTENSIONS = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2"), "mp4"),
    **dict.fromkeys((".mkv", ".webm", ".mk3d"), "matroska"),
    **dict.fromkeys((".avi", ".divx"), "avi"),
    **dict.fromkeys((".ts", ".m2ts", ".mts", ".m2t"), "mpegts"),
    **dict.fromkeys((".mpg", ".mpeg", ".vob", ".mod"), "mpeg"),
    **dict.fromkeys((".flv", ".f4v"), "flv"),
    **dict.fromkeys((".wmv", ".asf"), "asf"),
    **dict.fromkeys((".ogv", ".ogg"), "ogg"),
    ".mxf": "mxf",
}

# How the name of a film's result ends, by codec. Segments are MP4 files whatever the codec.
SUFFIXES = {"h264": ".mp4", "av1": ".mp4", "ffv1": ".mkv"}

_SIGNATURES = {
    b"\x1a\x45\xdf\xa3": "matroska",
    b"\x00\x00\x01\xba": "mpeg",
    b"FLV\x01": "flv",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c": "asf",
    b"OggS": "ogg",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02": "mxf",
}
# The boxes that QuickTime and MP4 files begin with.
_BOXES = {b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"}
# Brands of pictures, cameras' raw files and books of pictures, which are boxes, too.
_PICTURES = {b"mif1", b"msf1", b"avif", b"avis", b"crx ", b"jp2 ", b"jpx ", b"jpm "}
_PICTURES |= {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
# The lengths of a packet of an MPEG transport stream, and where its first one begins: with a time
# code before it (Blu-ray), or a checksum after it.
_PACKETS = ((188, 0), (192, 4), (204, 0))
_SYNC, _HAS_CONTENT = 0x47, 0x30


def film_kind(head: bytes) -> str | None:
    """Tell a film's container by its first `HEAD` bytes alone.

    Returns
    -------
    str or None
        One of `FORMATS`; None if it is no film. Moving pictures such as GIFs are photos.
    """
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _PICTURES else "mp4"
    if head[4:8] in _BOXES:
        return "mp4"
    for length, start in _PACKETS:
        syncs, controls = head[start::length], head[start + 3 :: length]
        if (
            len(controls) > 4
            and all(byte == _SYNC for byte in syncs)
            and all(byte & _HAS_CONTENT for byte in controls)
        ):
            return "mpegts"
    return None
