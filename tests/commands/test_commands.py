from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.pictures import decoded, encoded, scene

from colorizer.places import root

PHOTO = encoded(scene())


@pytest.fixture
def colorizer(tmp_path, artistic_checkpoint):
    """Run `python -m colorizer` on the session's checkpoint."""

    def run(*arguments, input=None, **settings):
        environment = {
            "COLORIZER_MODELS": str(artistic_checkpoint.models),
            "COLORIZER_TRUST_SHA256": artistic_checkpoint.sum,
            "COLORIZER_UPLOADS": str(tmp_path / "uploads"),
            "COLORIZER_RENDER_FACTOR": "7",
        } | {f"COLORIZER_{name.upper()}": str(value) for name, value in settings.items()}
        return subprocess.run(
            [sys.executable, "-m", "colorizer", *map(str, arguments)],
            cwd=root(),
            env=os.environ | environment,
            input=input,
            capture_output=True,
            timeout=120,
        )

    return run


def is_coloured(path):
    rgb = decoded(path.read_bytes()).astype(int)
    return np.ptp(rgb[..., 0] - rgb[..., 2]) > 10


def test_a_folder_is_coloured_and_what_is_bad_is_named(tmp_path, colorizer):
    folder = tmp_path / "scans"
    (folder / "1938").mkdir(parents=True)
    for name in ("a.png", "1938/b.PNG"):
        (folder / name).write_bytes(PHOTO)
    (folder / "bad.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not meant")
    out = tmp_path / "scans-colorized"

    done = colorizer("colorize", folder, "--recursive")
    assert done.returncode == 1
    assert b"bad.jpg: This is not a picture" in done.stderr
    assert b"2 coloured, 0 there already, 1 failed" in done.stderr
    made = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert made == ["1938/b.PNG", "a.png"]
    assert is_coloured(out / "a.png")

    (folder / "bad.jpg").unlink()
    again = colorizer("colorize", folder, "--recursive")
    assert again.returncode == 0
    assert b"0 coloured, 2 there already, 0 failed" in again.stderr
    overwritten = colorizer("colorize", folder, "--overwrite", "--strength", "0")
    assert overwritten.returncode == 0
    assert not is_coloured(out / "a.png")
    assert is_coloured(out / "1938/b.PNG")


def test_single_files_and_formats(tmp_path, colorizer):
    source = tmp_path / "a.png"
    source.write_bytes(PHOTO)
    done = colorizer("colorize", source, "--format", "jpeg")
    assert done.returncode == 0
    assert (tmp_path / "a-colorized.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    done = colorizer("colorize", source, "-o", tmp_path / "b.jpg")
    assert (tmp_path / "b.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-colorized.jpg", "a.png", "b.jpg"]


def test_a_pipe(tmp_path, colorizer):
    done = colorizer("-", input=PHOTO, model="builtin")
    assert done.returncode == 0
    assert decoded(done.stdout).shape == (64, 96, 3)
    named = colorizer("colorize", "-", "-o", tmp_path / "a.png", input=PHOTO, model="builtin")
    assert named.stdout == b""
    assert (tmp_path / "a.png").read_bytes() == done.stdout
    assert colorizer("-", input=b"no picture", model="builtin").returncode == 1


def test_results_of_one_name_do_not_replace_each_other(tmp_path, colorizer):
    folder = tmp_path / "scans"
    folder.mkdir()
    for kind in ("bmp", "png", "gif"):
        (folder / f"a.{kind}").write_bytes(encoded(scene(), kind.upper()))
    assert colorizer("colorize", folder, "--model", "builtin").returncode == 0
    made = sorted(path.name for path in (tmp_path / "scans-colorized").iterdir())
    assert made == ["a.bmp.png", "a.gif.png", "a.png"]


def test_nothing_takes_the_place_of_a_scan_or_of_another_result(tmp_path, colorizer):
    folder, out = tmp_path / "in", tmp_path / "in/out"
    names = ["x/IMG_0001.png", "y/IMG_0001.png", "c.jfif", f"{'가' * 83}.png", "._a.png"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(PHOTO)
    scans = {name: (folder / name).read_bytes() for name in names}

    def color(*arguments):
        done = colorizer("colorize", *arguments, model="builtin")
        assert {name: (folder / name).read_bytes() for name in names} == scans
        return done

    done = color(folder / names[0], "-o", folder / "x", "--overwrite")
    assert done.returncode == 1
    assert b"Nothing has been coloured" in done.stderr
    done = color(folder / names[0], "--sheet", "7", "-o", folder / names[0], "--overwrite")
    assert b"Nothing has been coloured" in done.stderr

    (folder / "a.txt").write_text("not meant")
    done = color(folder, "--recursive", "-o", out)
    assert b"4 coloured, 0 there already, 0 failed" in done.stderr, done.stderr
    assert b"1 file was left out, not pictures or films by their names: " in done.stderr
    made = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    assert len(made) == 4
    for arguments in (["-o", out], ["-o", tmp_path / "other"]):
        done = color(folder, "--recursive", *arguments)
        assert done.returncode == 0
    assert sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file()) == made
    assert b"4 files were left out, results themselves: " in done.stderr
    assert b"4 coloured, 0 there already, 0 failed" in done.stderr


def test_a_sheet_shows_a_photo_at_several_settings(tmp_path, colorizer):
    source = tmp_path / "a.png"
    source.write_bytes(PHOTO)
    assert colorizer("colorize", source, "--sheet", "7,9").returncode == 0
    sheet = tmp_path / "a-sheet.jpg"
    both = decoded(sheet.read_bytes())
    again = colorizer("colorize", source, "--sheet", "7,9")
    assert again.returncode == 1
    assert b"a-sheet.jpg is there already" in again.stderr

    one = colorizer("-", "--sheet", "8", "--model", "builtin", "--format", "png", input=PHOTO)
    height, width, _ = decoded(one.stdout).shape
    assert both.shape[0] > 1.8 * height  # a row for Artistic, a row for the built-in one
    assert both.shape[1] > 1.4 * width  # the original and two render factors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-sheet.jpg", "a.png"]


@pytest.mark.parametrize("factors", ["6", "10,46", "", "10;20", "ten"])
def test_a_sheet_takes_numbers_from_7_to_45(colorizer, factors):
    done = colorizer("colorize", "a.png", "--sheet", factors)
    assert done.returncode == 2
    assert b"numbers from 7 to 45" in done.stderr


def test_a_sheet_takes_one_photo(tmp_path, colorizer):
    for inputs in (["a.png", "b.png"], [tmp_path]):
        done = colorizer("colorize", *inputs, "--sheet", "10")
        assert done.returncode == 2
        assert b"one photo" in done.stderr
    done = colorizer("colorize", tmp_path / "absent.png", "--sheet", "10")
    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: ")
    assert b"absent.png" in done.stderr


def test_hints_put_a_colour_right(tmp_path, colorizer):
    hints = tmp_path / "hints.json"
    hints.write_text('{"hints": [{"x": 0.25, "y": 0.5, "color": "#2040ff", "radius": 0.2}]}')
    done = colorizer("-", "--hints", hints, model="builtin", input=PHOTO)
    assert done.returncode == 0, done.stderr
    plain = decoded(colorizer("-", model="builtin", input=PHOTO).stdout).astype(int)
    change = decoded(done.stdout) - plain
    assert change[24:40, 16:32, 2].mean() > 30  # bluer
    assert np.abs(change[:, 70:]).max() <= 3


def test_hints_are_of_one_photo_and_well_formed(tmp_path, colorizer):
    hints = tmp_path / "hints.json"
    hints.write_text('{"hints": [{"x": 0.25, "y": 0.5, "color": "#2040ff"}]}')
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(PHOTO)
    several = colorizer("colorize", tmp_path, "--hints", hints)
    assert several.returncode == 2
    assert b"one photo" in several.stderr
    sheet = colorizer("colorize", tmp_path / "a.png", "--sheet", "10", "--hints", hints)
    assert sheet.returncode == 2
    assert b"no hints" in sheet.stderr
    hints.write_text('{"hints": [{"x": 25, "y": 0.5, "color": "#2040ff"}]}')
    wrong = colorizer("colorize", tmp_path / "a.png", "--hints", hints)
    assert wrong.returncode == 2
    assert (
        b"Hint 1: x and y are numbers from 0 to 1"
        in " ".join(wrong.stderr.decode().split()).encode()
    )


def test_bad_settings_and_options_are_one_sentence(tmp_path, colorizer):
    done = colorizer("colorize", tmp_path / "absent.png")
    assert done.returncode == 1
    assert b"absent.png" in done.stderr
    assert b"Traceback" not in done.stderr
    assert colorizer("colorize", "x.png", "--render-factor", "99").returncode == 2
    done = colorizer("weights", "list", device="gpu")
    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: COLORIZER_DEVICE")


def test_weights_are_listed_and_verified(tmp_path, colorizer):
    assert b"artistic   here" in colorizer("weights", "list").stdout
    assert colorizer("weights", "verify").returncode == 0
    distrusted = colorizer("weights", "verify", trust_sha256="")
    assert distrusted.returncode == 1
    assert b"COLORIZER_TRUST_SHA256" in distrusted.stderr
    assert colorizer("weights", "download", "artistic").returncode == 0  # it is there


def test_doctor_finds_what_is_wrong(tmp_path, colorizer):
    fine = colorizer("doctor")
    assert fine.returncode == 0, fine.stdout
    assert b"fastai is 1.0.61, whole" in fine.stdout
    uploads = tmp_path / "uploads"
    uploads.mkdir(exist_ok=True)
    uploads.chmod(0o755)
    wrong = colorizer("doctor", trust_sha256="", device="cuda:99", token="secret-secret-word")
    assert wrong.returncode == 1
    assert b"COLORIZER_TRUST_SHA256" in wrong.stdout
    assert b"cuda:99 is not in this machine" in wrong.stdout
    assert b"secret-word" not in wrong.stdout
    assert f"chmod go= {uploads}" in wrong.stdout.decode()


def test_help_and_version_do_without_torch():
    script = """
import sys
from colorizer.commands import cli
for argument in ("--help", "--version"):
    cli([argument], standalone_mode=False)
assert not {"torch", "flask", "fastai", "cv2"} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], cwd=root(), check=True, capture_output=True)


def test_flask_runs_the_same_commands(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "weights", "list"],
        cwd=root(),
        env=os.environ | {"COLORIZER_UPLOADS": str(tmp_path)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert b"ColorizeArtistic_gen.pth" in done.stdout


def test_a_scan_stays_a_scan_and_what_is_not_written_becomes_what_is(tmp_path, colorizer):
    folder = tmp_path / "scans"
    folder.mkdir()
    pixels = np.asarray(scene()).astype(np.uint16) * 257
    with tifffile.TiffWriter(folder / "a.tif") as writer:
        for _ in range(2):
            writer.write(pixels, photometric="rgb")
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    (folder / "b.bmp").write_bytes(encoded(scene(), "BMP"))
    (folder / "c.webp").write_bytes(encoded(scene(), "WEBP", exif=exif))
    done = colorizer("colorize", folder, "--keep-gps", "--strength", "60")
    assert done.returncode == 0, done.stderr
    assert b"a.tif: first of 2 pages" in done.stderr
    out = tmp_path / "scans-colorized"
    assert sorted(path.name for path in out.iterdir()) == ["a.tif", "b.png", "c.webp"]
    coloured = tifffile.imread(out / "a.tif")
    assert coloured.dtype == np.uint16
    assert np.abs((coloured.astype(float) - pixels) @ [0.299, 0.587, 0.114]).max() < 64
    assert is_coloured(out / "b.png")
    assert 0x8825 in Image.open(out / "c.webp").getexif()
