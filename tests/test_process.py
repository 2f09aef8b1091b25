"""The app and the command line set up their process; the library leaves its host's alone."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys

import pytest
from support.formats import FILES
from support.pictures import encoded, scene

from colorizer.places import root
from colorizer.process import ENVIRONMENT

needs_glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="Only glibc's allocator is told what to do, on Linux.",
)

RESIDENT = """
import resource
from pathlib import Path
import numpy as np

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def kept_of_200_megabytes():
    before = resident()
    layers = [np.ones(25_000_000, np.uint8) for _ in range(8)]
    wall = np.ones(1000)  # behind them
    del layers
    return resident() - before
"""


def run(script, *arguments):
    """Run a script in a process that nobody has set up; return what it prints, as JSON."""
    environment = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=root(),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@needs_glibc
def test_memory_is_kept_until_it_is_released():
    script = """
from colorizer.process import release_memory, tune
tune()
before = resident()
kept = kept_of_200_megabytes()
release_memory()
print([kept, resident() - before])
"""
    kept, left = run(RESIDENT + script)
    assert kept > 190_000_000
    assert left < 20_000_000


DOORS = {
    "app": "import app",
    "command line": "sys.argv[1:] = ['--help']; import colorizer.__main__ as m; m.main()",
    "child": "import colorizer.pictures.worker",
}


@pytest.mark.parametrize("door", DOORS)
def test_a_front_door_sets_up_its_process_before_numpy_is_imported(door):
    script = f"""
import atexit, json, os, sys
from colorizer.process import ENVIRONMENT

class Watch:
    seen = None
    def find_spec(name, *_):
        if name == "numpy":
            Watch.seen = {{name: os.environ.get(name) for name in ENVIRONMENT}}

sys.meta_path.insert(0, Watch)
atexit.register(lambda: print(json.dumps(Watch.seen)))
{DOORS[door]}
"""
    assert run(script) == ENVIRONMENT


@needs_glibc
def test_the_library_leaves_the_process_as_it_is(tmp_path):
    paths = []
    for name in ("JPEG", "TIFF", "HEIC", "JPEG 2000", "BMP"):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(FILES[name][0])
    script = """
import json, logging, os, sys
import cv2, PIL.Image, pyvips

def state():
    return {
        "environment": dict(os.environ),
        "Pillow's limit": PIL.Image.MAX_IMAGE_PIXELS,
        "libvips": [pyvips.cache_get_max(), pyvips.concurrency_get()],
        "OpenCV": cv2.utils.logging.getLogLevel(),
        "logging": [logging.root.level, len(logging.root.handlers), logging.root.disabled],
    }

before = state()
import colorizer
from colorizer.pictures.reading import read_photo
generator = colorizer.load_generator("builtin")
for path in sys.argv[1:]:
    photo = read_photo(Path(path))
colorizer.colorize(photo, generator, 7)
print(json.dumps([before, state(), kept_of_200_megabytes()]))
"""
    before, after, kept = run(RESIDENT + script, *paths)
    assert after == before
    assert kept < 20_000_000


def test_the_library_reads_a_file_anew_that_has_changed(tmp_path):
    paths = [tmp_path / "first.webp", tmp_path / "second.webp"]
    for seed, path in enumerate(paths):
        path.write_bytes(encoded(scene(seed=seed), "WEBP"))
    script = """
import os, sys
from pathlib import Path
from colorizer.pictures.reading import read_photo
first, second = map(Path, sys.argv[1:])
before = read_photo(first).rgb
os.replace(second, first)
print(int((read_photo(first).rgb != before).any()))
"""
    assert run(script, *paths)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on descriptors.")
@pytest.mark.parametrize(
    ("soft", "hard", "allowed"), [(64, 400, 300), (64, 200, 200), (350, 400, 350)]
)
def test_descriptors_are_allowed_as_far_as_the_system_does(soft, hard, allowed):
    told = run(
        """
import resource, sys
from colorizer.process import allow_descriptors

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print([allow_descriptors(300), resource.getrlimit(resource.RLIMIT_NOFILE)[0]])
""",
        soft,
        hard,
    )
    assert told == [allowed, allowed]
