"""A folder of photos of every kind, some of them broken, and a run that is killed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from threading import Event

import cv2
import numpy as np
import pillow_heif
import tifffile
from PIL import Image
from support.pictures import encoded, scene

from colorizer.files import is_part
from colorizer.places import root

KINDS = ["jpg", "png", "tif", "webp", "avif", "heic", "jp2", "bmp", "pgm", "gif"]
RESULTS = {"heic": "jpg", "jp2": "png", "bmp": "png", "pgm": "png", "gif": "png"}


def picture(kind, seed):
    """Make a small file of a kind."""
    image = scene(48, 32, seed)
    if kind == "heic":
        pillow_heif.register_heif_opener()
        return encoded(image, "HEIF")
    if kind == "jp2":
        return cv2.imencode(".jp2", np.asarray(image))[1].tobytes()
    if kind == "tif":
        file = io.BytesIO()
        tifffile.imwrite(file, np.asarray(image).astype(np.uint16) * 257, photometric="rgb")
        return file.getvalue()
    names = {"jpg": "JPEG", "pgm": "PPM"}
    return encoded(image.convert("L") if kind == "pgm" else image, names.get(kind, kind.upper()))


def fill(folder):
    """Put 200 files into a folder, all kinds alike; the last one of each kind is broken."""
    for number in range(200):
        kind = KINDS[number % 10]
        data = picture(kind, number)
        if number >= 190:
            data = data[: len(data) // 2] if number % 2 else b"Dear grandmother,"
        inside = folder / f"album {number % 3}"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / f"{number:03}.{kind}").write_bytes(data)


def start(folder, tmp_path):
    return subprocess.Popen(
        [sys.executable, "-m", "colorizer", "colorize", folder, "--recursive"],
        cwd=root(),
        env=os.environ
        | {
            "COLORIZER_MODEL": "builtin",
            "COLORIZER_RENDER_FACTOR": "7",
            "COLORIZER_THREADS": "1",  # more would wait for each other at every small layer
            "COLORIZER_MODELS": str(tmp_path / "models"),
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def found(out):
    """List what is there and isn't a leftover."""
    return {p.relative_to(out) for p in out.rglob("*") if p.is_file() and not is_part(p)}


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path):
    folder, out = tmp_path / "scans", tmp_path / "scans-colorized"
    fill(folder)
    pause = Event()
    with start(folder, tmp_path) as process:
        while len(found(out)) < 40:
            assert process.poll() is None, process.stderr.read()
            pause.wait(0.05)
        process.kill()
    before = found(out)
    assert 40 <= len(before) < 190
    for path in before:
        Image.open(out / path).load()  # whole
    missing = next(n for n in range(190) if not list(out.glob(f"*/{n:03}.*")) and n % 10 == 0)
    # What a killed run was writing is no photo to the next one, wherever it lies.
    for inside in (folder, out):
        leftover = inside / f"album {missing % 3}" / ".0123456789abcdef.part.jpg"
        leftover.parent.mkdir(exist_ok=True)
        leftover.write_bytes(b"half a photo")
    times = {path: (out / path).stat().st_mtime_ns for path in before}

    with start(folder, tmp_path) as process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert f"{190 - len(before)} coloured, {len(before)} there already, 10 failed" in errors
    assert times == {path: (out / path).stat().st_mtime_ns for path in before}
    names = {f"{n:03}.{RESULTS.get(KINDS[n % 10], KINDS[n % 10])}" for n in range(190)}
    assert {path.name for path in found(out)} == names
    for number in range(190, 200):
        (line,) = [
            line for line in errors.splitlines() if f"{number}.{KINDS[number % 10]}:" in line
        ]
        assert line.endswith(".")
