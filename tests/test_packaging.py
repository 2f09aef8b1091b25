"""`pip install .`: the library and the command, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest
from support.pictures import decoded, encoded, scene

from colorizer.places import root


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the wheel and unpack it, as pip does; return the environment that finds it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=root(), check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return os.environ | {"PYTHONPATH": str(folder / "site")}


def test_the_command_colours_anywhere(installed, tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(scene()))
    command = [sys.executable, "-m", "colorizer", "colorize", "a.png", "--render-factor", "7"]
    done = subprocess.run(
        command, cwd=tmp_path, env=installed, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "built-in generator colours" in done.stderr  # no weights in this folder
    assert decoded((tmp_path / "a-colorized.png").read_bytes()).shape == (64, 96, 3)


def test_folders_are_those_of_the_working_directory(installed, tmp_path):
    script = """
import colorizer, sys
from colorizer.settings import Settings
assert colorizer.__file__.startswith(sys.argv[1]), colorizer.__file__
print(Settings().models, Settings().uploads)
"""
    arguments = [sys.executable, "-c", script, installed["PYTHONPATH"]]
    done = subprocess.run(
        arguments, cwd=tmp_path, env=installed, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "models"), str(tmp_path / "uploads")]
