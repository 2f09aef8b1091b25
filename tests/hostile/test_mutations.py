"""Sound files made wrong by their structure: each is a picture or refused in words."""

from __future__ import annotations

import io
import os
import sys

import pytest
from support.pictures import encoded, scene

from benchmarks.mutations import read_mutations, sound_files
from benchmarks.server import most_memory
from colorizer.pictures.pool import PicturePool

COUNT, MEGABYTES = 300, 1000


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells of memory in /proc.")
def test_mutated_files_are_pictures_or_refused():
    with PicturePool() as pool:
        pool.start()
        sound = encoded(scene())
        assert pool.check_photo(io.BytesIO(sound)) == "PNG"
        before = most_memory(os.getpid())
        ends = read_mutations(pool, sound_files(), range(COUNT))
        assert most_memory(os.getpid()) < before + MEGABYTES
        assert pool.read_photo(io.BytesIO(sound)).width == scene().width
    assert ends.total() == COUNT
    # Both happen often, or else the changes are too wild or too tame to try anything.
    assert COUNT // 10 < ends["picture"] < COUNT * 9 // 10
