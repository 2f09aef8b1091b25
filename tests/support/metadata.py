"""What files say of themselves, as exiftool reads it, and files that say it."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace

import numpy as np
import pytest
from support.pictures import encode_photo, encoded, scene

from colorizer.pictures.formats import EXTENSIONS
from colorizer.pictures.photo import About, Photo

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None and "CI" not in os.environ,
    reason="exiftool is missing: sudo apt-get install libimage-exiftool-perl",
)
GENERATOR = "DeOldify Artistic"


def exiftool(data, kind, tmp_path, *options):
    path = tmp_path / f"photo{EXTENSIONS[kind]}"
    path.write_bytes(data)
    command = ["exiftool", "-json", "-G1", "-n", "-charset", "iptc=utf8", *options, str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout)[0]


def result(kind="PNG", keep_gps=False, generator=GENERATOR, **about):
    """Write a result of a photo whose file said something of itself."""
    photo = Photo(np.asarray(scene(60, 40)), about=About(**about), generator=generator)
    return encode_photo(photo, kind, keep_gps=keep_gps)


def packet(properties="", inner=""):
    """Make XMP: attributes with their namespaces, and elements."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f"{properties}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def dataset(record, number, value):
    value = value.encode() if isinstance(value, str) else value
    return b"\x1c" + bytes([record, number]) + len(value).to_bytes(2, "big") + value


def resource(number, body, signature=b"8BIM", name=b"\0\0"):
    size = len(body).to_bytes(4, "big")
    return signature + number.to_bytes(2, "big") + name + size + body + b"\0" * (len(body) % 2)


def jpeg(*segments):
    """Make a JPEG with further segments: pairs of a marker's number and bytes."""
    data = encoded(scene(60, 40), "JPEG")
    more = b"".join(struct.pack(">BBH", 255, n, len(body) + 2) + body for n, body in segments)
    return data[:2] + more + data[2:]


def png(*chunks):
    """Make a PNG with further chunks: pairs of a name and bytes."""
    data = encoded(scene(60, 40))
    more = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return data[:33] + more + data[33:]


def colored(photo):
    return replace(photo, generator=GENERATOR)
