"""Films on the command line: files, folders, gone on with."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from support.films import simple, stamps
from support.pictures import encoded, scene

from colorizer.commands import cli


@pytest.fixture(autouse=True)
def builtin(monkeypatch, tmp_path):
    monkeypatch.setenv("COLORIZER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("COLORIZER_MODEL", "builtin")
    monkeypatch.setenv("COLORIZER_RENDER_FACTOR", "7")


def run(*arguments):
    return CliRunner().invoke(cli, ["colorize", *map(str, arguments)])


def test_a_folder_with_films_in_it(tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    film = simple(folder / "wedding.mp4", 5)
    (folder / "a.png").write_bytes(encoded(scene(20, 20)))
    (folder / "code.ts").write_text("export const film = false;")
    answer = run(folder)
    assert answer.exit_code == 0, answer.output
    out = tmp_path / "album-colorized"
    assert {path.name for path in out.iterdir()} == {"wedding.mp4", "a.png"}
    assert stamps(out / "wedding.mp4") == stamps(film)
    assert "2 coloured" in answer.output
    assert "code.ts" in answer.output
    assert "2 there already" in run(folder).output
    # A result is known by its mark, wherever it lies.
    moved = folder / "moved.mp4"
    (out / "wedding.mp4").rename(moved)
    assert "results themselves: " + str(moved) in run(folder, "-o", tmp_path / "again").output


def test_a_film_beside_itself_as_ffv1(tmp_path):
    film = simple(tmp_path / "a.mov", 5)
    answer = run(film, "--codec", "ffv1", "--every", "2")
    assert answer.exit_code == 0, answer.output
    assert {path.name for path in tmp_path.iterdir()} == {"a.mov", "a-colorized.mkv"}


def test_a_bad_film_stops_nothing_else_and_leaves_nothing(tmp_path):
    bad, good = tmp_path / "bad.mp4", simple(tmp_path / "good.mp4", 3, sound=False)
    bad.write_bytes(good.read_bytes()[:400])
    answer = run(bad, good)
    assert answer.exit_code == 1
    assert "1 coloured" in answer.output
    assert "1 failed" in answer.output
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"bad.mp4", "good.mp4", "good-colorized.mp4"}


def test_hints_and_pipes_are_for_photos(tmp_path):
    film = simple(tmp_path / "a.mp4", 3, sound=False)
    hints = tmp_path / "hints.json"
    hints.write_text('{"hints": [{"x": 0.5, "y": 0.5, "color": "#7a1f1f"}]}')
    assert "this is a film" in run(film, "--hints", hints).output
    assert "not through a pipe" in run(film, "-o", "-").output
