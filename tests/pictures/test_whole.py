"""Whether a result is there to its end."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from support.formats import exif_bytes
from support.pictures import decode_photo, encoded, scene

from colorizer.pictures.formats import EXTENSIONS, WRITABLE
from colorizer.pictures.whole import is_whole
from colorizer.pictures.writing import write_photo


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("kind", WRITABLE)
def test_a_file_that_is_cut_anywhere_or_is_another_is_not_whole(tmp_path, kind, wide):
    photo = decode_photo(encoded(scene(301, 199)))
    if wide:
        photo = dataclasses.replace(photo, rgb=photo.rgb.astype(np.uint16) * 257)
    about = dataclasses.replace(photo.about, exif=exif_bytes())
    photo = dataclasses.replace(photo, about=about)
    path = tmp_path / f"a{EXTENSIONS[kind]}"
    write_photo(photo, path, kind)
    data = path.read_bytes()
    assert is_whole(path)
    full = len(data)
    for length in (0, 1, 7, 20, full // 10, full // 2, full * 19 // 20, full - 2):
        path.write_bytes(data[:length])
        assert not is_whole(path)
        path.write_bytes(data[:length].ljust(full, b"\0"))  # as a power cut leaves it
        assert not is_whole(path) or kind not in ("JPEG", "PNG")
    path.write_bytes(b"Dear grandmother, " * 100)
    assert not is_whole(path)
    path.unlink()
    assert not is_whole(path)
    path.mkdir()
    assert not is_whole(path)
