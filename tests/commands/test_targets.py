"""Which files are meant, and that no result ever takes the place of another photo or result."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import click
import numpy as np
import pytest
from support.pictures import encoded, scene

from colorizer.coloring.options import Options
from colorizer.commands.targets import make_plan
from colorizer.pictures.photo import Photo
from colorizer.pictures.writing import write_photo

PHOTO = encoded(scene(8, 8), "JPEG")
PNG = encoded(scene(8, 8))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def put(*names, data=PHOTO):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)


def put_result(name):
    """Put a file there that says that it has been coloured here."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(scene(8, 8, colour=True))
    write_photo(Photo(pixels, kind="JPEG", generator="DeOldify Artistic"), Path(name))


def plan(*inputs, output=None, kind=None, recursive=False, overwrite=False):
    return make_plan(inputs, output, Options(format=kind), recursive, overwrite)


def pairs(*inputs, **options):
    return {str(t.source): str(t.target) for t in plan(*inputs, **options).todo}


def names_on_any_disk(paths):
    return {unicodedata.normalize("NFC", str(path)).casefold() for path in paths}


def test_photos_of_one_name_in_two_folders():
    put("x/IMG_0001.jpg", "y/IMG_0001.jpg", "y/b.jpg", "z/y/IMG_0001.jpg")
    expected = {
        "x/IMG_0001.jpg": "out/x-IMG_0001.jpg",
        "y/IMG_0001.jpg": "out/y-IMG_0001.jpg",
        "y/b.jpg": "out/b.jpg",
    }
    assert pairs("x/IMG_0001.jpg", "y/IMG_0001.jpg", "y/b.jpg", output="out/") == expected
    assert pairs("x", "y", output="out") == expected
    third = pairs("x", "y", "z/y/IMG_0001.jpg", output="out")
    assert third["x/IMG_0001.jpg"] == "out/x-IMG_0001.jpg"
    assert len({*third.values()}) == 4


def test_a_second_run_finds_what_is_done_whatever_has_been_added():
    put("x/a.jpg", "y/a.jpg", "z/b.jpg")
    first = pairs("x", "y", "z", output="out")
    for target in first.values():
        put_result(target)
    assert plan("x", "y", "z", output="out").done == 3
    put("x/0.jpg", "y/b.jpg", "w/a.jpg")
    again = plan("w", "x", "y", "z", output="out")
    # What has the name of a photo that has come since is coloured anew, under another name.
    assert again.done == 2
    targets = {str(task.target) for task in again.todo}
    assert targets == {"out/w-a.jpg", "out/0.jpg", "out/y-b.jpg", "out/z-b.jpg"}


@pytest.mark.skipif(sys.platform == "darwin", reason="there they are one file from the start")
def test_photos_that_other_disks_take_for_one():
    korean = "할머니.jpg"
    put("in/A.jpg", "in/a.jpg", f"in/{korean}", "in/" + unicodedata.normalize("NFD", korean))
    put("in/sub/b.jpg", "in/SUB/B.jpg", "in/c.jpg")
    found = pairs("in", output="out", recursive=True)
    assert len(found) == 7
    assert len(names_on_any_disk(found.values())) == 7
    assert found["in/c.jpg"] == "out/c.jpg"
    assert found == pairs("in", output="out", recursive=True)


def test_photos_that_get_one_name_by_their_kind():
    put("in/a.tif", "in/a.jpg", "in/a.png", "in/b.jpg")
    assert pairs("in", output="out", kind="PNG") == {
        "in/a.tif": "out/a.tif.png",
        "in/a.jpg": "out/a.jpg.png",
        "in/a.png": "out/a.png",
        "in/b.jpg": "out/b.png",
    }
    assert pairs("in/a.tif", "in/a.jpg", kind="PNG") == {
        "in/a.tif": "in/a-colorized.tif.png",
        "in/a.jpg": "in/a-colorized.jpg.png",
    }


def test_names_that_some_disks_refuse():
    put("in/what?.jpg", "in/what*.jpg", "in/NUL.jpg", "in/1938. /a.jpg", "in/1938/a.jpg")
    found = pairs("in", output="out", recursive=True)
    assert found["in/NUL.jpg"] == "out/_NUL.jpg"
    assert len(names_on_any_disk(found.values())) == 5
    assert not any(letter in "".join(found.values()) for letter in "?*")
    assert all(Path(t).parent.name in ("out", "1938") for t in found.values())


def test_one_file_that_is_meant_twice_is_coloured_once():
    put("in/a.jpg")
    Path("link").symlink_to("in")
    found = plan("in", "in/a.jpg", "link/a.jpg", "./in/../in/a.jpg", output="out").todo
    assert [str(task.target) for task in found] == ["out/a.jpg"]
    os.link("in/a.jpg", "in/b.jpg")  # Two names in one folder are two photos.
    assert len(pairs("in", output="out")) == 2


def test_long_names_are_cut_and_stay_distinct():
    names = [f"in/{'가' * 80}{n}{end}.jpg" for n in (1, 2) for end in "가나"]
    put(*names, "in/" + "x" * 251 + ".jpg")
    for options in ({"output": "out"}, {}, {"output": "out", "kind": "AVIF"}):
        found = pairs(*names, "in/" + "x" * 251 + ".jpg", **options)
        targets = [Path(target).name for target in found.values()]
        assert len({*targets}) == 5
        assert all(len(os.fsencode(target)) <= 255 for target in targets)
        assert {Path(t).suffix for t in targets} == {".avif" if "kind" in options else ".jpg"}
    # Nor does a name that no disk takes end in a trace.
    assert len(plan("y" * 300 + ".jpg", output="out/").todo) == 1


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (["in/a.jpg"], "in/"),
        (["in/a.jpg"], "in/a.jpg"),
        (["in/a.jpg"], "link/"),
        (["link/a.jpg"], "in/../in"),
        (["in/a.jpg", "in/b.jpg"], "in"),
        (["in/a.jpg"], "in/hard.jpg"),
        (["in"], "in"),
        (["in"], "link"),
        (["in"], "./in/../in/"),
    ],
)
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_result_never_takes_the_place_of_a_photo(inputs, output, overwrite):
    put("in/a.jpg", "in/b.jpg")
    os.link("in/a.jpg", "in/hard.jpg")
    Path("link").symlink_to("in")
    with pytest.raises(click.ClickException, match="Nothing has been coloured"):
        plan(*inputs, output=output, overwrite=overwrite)


def test_a_result_takes_no_place_of_a_picture_that_is_none():
    put("in/1938/a.jpg", "in/a.jpg")
    with pytest.raises(click.ClickException, match=r"in/a\.jpg was not coloured here"):
        plan("in/1938", output="in", overwrite=True)
    put_result("in/a.jpg")
    assert len(plan("in/1938", output="in", overwrite=True).todo) == 1
    put("in/a.jpg", data=b"half a file")
    assert len(plan("in/1938", output="in", overwrite=True).todo) == 1
    put("b.jpg")
    assert len(plan("in/1938/a.jpg", output="b.jpg", overwrite=True).todo) == 1  # as it is named


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("out", ["in/out", "./in/../in/out", "link/out", None])
def test_results_that_are_met_in_a_folder_are_left_out(tmp_path, out, overwrite):
    put("in/a.jpg", "in/1938/b.jpg")
    Path("link").symlink_to("in")
    for result in ("in/a-colorized.jpg", "in/other/a.jpg", "in/1938-colorized/b.jpg"):
        put_result(result)
    put("in/out/c.jpg")  # a result that has lost its mark
    for output in (out, out and str(tmp_path / out)):
        made = plan("in", output=output, recursive=True, overwrite=overwrite)
        expected = {"in/1938/b.jpg", "in/a.jpg"} | (set() if out else {"in/out/c.jpg"})
        assert {str(task.source) for task in made.todo} == expected
        assert len(made.results) == 3
    # Somebody who names one means it.
    assert len(plan("in/a-colorized.jpg").todo) == 1


def test_what_systems_put_into_folders_is_left_out():
    put("in/a.jpg", "in/sub/b.jpg", "in/not hidden/.c.jpg")
    for place in ("@eaDir", ".thumbnails", ".Trash-1000", "$RECYCLE.BIN", "#recycle", "__MACOSX"):
        put(f"in/{place}/x.jpg", f"in/sub/{place}/deep/x.jpg")
    put("in/._a.jpg", "in/.hidden.jpg", "in/Thumbs.db", "in/.0123456789abcdef.part.jpg")
    made = plan("in", output="out", recursive=True)
    assert [str(task.source) for task in made.todo] == ["in/a.jpg", "in/sub/b.jpg"]
    assert made.others == []
    # Named, they are tried.
    assert len(plan("in/._a.jpg", "in/@eaDir", output="out").todo) == 2


def test_every_extension_of_a_picture_counts():
    names = "jpg JPEG jpe jfif jif png apng tif tiff TIFF webp avif avifs heic heif hif jp2 j2k jpx"
    names = [f"in/{n}.{suffix}" for n, suffix in enumerate(f"{names} jpf j2c bmp dib".split())]
    names += [f"in/x.{suffix}" for suffix in ("pnm", "pbm", "pgm", "ppm", "gif")]
    put(*names)
    put("in/notes.txt", "in/a.nef", "in/b.jpg_original", "in/c.jpg~", data=PHOTO)
    made = plan("in", output="out")
    assert {str(task.source) for task in made.todo} == {*names}
    assert len(made.others) == 4
    assert pairs("in", output="out")["in/3.jfif"] == "out/3.jfif"
    assert pairs("in", output="out")["in/15.hif"] == "out/15.jpg"


def test_a_name_without_an_extension_is_looked_into():
    put("in/photo", "in/Scan 12.5.1938", "in/사진.할머니")
    put("in/drawing", data=PNG)
    put("in/README", data=b"BMW is a maker of cars")
    put("in/Makefile", data=b"P1 = x\n")
    made = plan("in", output="out")
    assert {str(t.source): str(t.target) for t in made.todo} == {
        "in/photo": "out/photo.jpg",
        "in/Scan 12.5.1938": "out/Scan 12.5.1938.jpg",
        "in/사진.할머니": "out/사진.할머니.jpg",
        "in/drawing": "out/drawing.png",
    }
    assert {path.name for path in made.others} == {"README", "Makefile"}
    assert pairs("in/Scan 12.5.1938") == {"in/Scan 12.5.1938": "in/Scan 12.5.1938-colorized.jpg"}


def test_pipes_and_folders_that_are_named_like_photos_hold_nothing_up():
    put("in/a.jpg", "in/album.jpg/b.jpg")
    os.mkfifo("in/pipe.jpg")
    os.mkfifo("in/pipe")
    Path("in/nowhere.jpg").symlink_to("absent.jpg")
    Path("in/round").symlink_to(".")
    found = pairs("in", output="out", recursive=True)
    assert set(found) == {"in/a.jpg", "in/album.jpg/b.jpg", "in/nowhere.jpg"}


def test_the_folder_for_the_results_of_this_folder(tmp_path, monkeypatch):
    put("in/a.jpg", "in/sub/b.jpg")
    monkeypatch.chdir("in")
    assert plan(".").todo[0].target == tmp_path / "in-colorized/a.jpg"
    monkeypatch.chdir("sub")
    assert plan("..").todo[0].target == tmp_path / "in-colorized/a.jpg"
    with pytest.raises(click.UsageError, match="-o"):
        plan("/")


def test_a_folder_that_is_not_there_yet_is_known_by_its_slash():
    put("a.jpg")
    assert pairs("a.jpg", output="out/") == {"a.jpg": "out/a.jpg"}
    assert pairs("a.jpg", output="out") == {"a.jpg": "out"}
