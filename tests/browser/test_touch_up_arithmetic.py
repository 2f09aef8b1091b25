"""What the browser computes of hints, against what the server does, in a real headless Chromium."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from support.app import app_on
from support.chromium import listening, needs_chromium, opened
from support.pictures import scene

from colorizer.coloring.colorize import apply_prediction
from colorizer.coloring.hints import Hint
from colorizer.coloring.prediction import Prediction
from colorizer.coloring.touch_up import shown_color, touch_up
from colorizer.generators.loading import load_generator
from colorizer.pictures.photo import Photo

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with listening(app_on(tmp_path_factory.mktemp("touch"), load_generator("builtin"))) as address:
        yield address


def guessed(side, seed):
    """Something like a guess: even patches of colour with noise, on a scene's luma."""
    random = np.random.default_rng(seed)
    luma = np.asarray(scene(side, side, seed=seed))[..., 0]
    y, x = np.mgrid[0:side, 0:side] / side
    u = 0.08 * np.sin(5 * x + seed) * np.cos(4 * y)
    v = np.where((x - 0.5) ** 2 + (y - 0.4) ** 2 < 0.08, 0.1, -0.02)
    chroma = np.stack([u, v], -1) + random.normal(0, 0.004, (side, side, 2))
    kept = np.round(chroma * 32767).astype("<i2")  # as it goes to the browser
    return Prediction(kept / np.float32(32767), luma, side // 16, "nobody")


def hints_at_random(count, seed):
    random = np.random.default_rng(seed)
    colors = ["#1f2f5f", "#d8a888", None, "#808080", "#7a1f1f", "#ffffff"]
    radii = [None, None, 0.1, 0.5, 1.0]
    return [
        Hint(*random.random(2), colors[n % len(colors)], radii[n % len(radii)])
        for n in range(count)
    ]


COMPUTE = """async ([side, guess, before, size, hints, strength]) => {
  const { Square, SIDE } = await import("/static/js/touch-up/field.js");
  const { Painter } = await import("/static/js/touch-up/paint.js");
  const { resizeSquare } = await import("/static/js/touch-up/planes.js");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt());
  const floats = (text) => new Float32Array(bytes(text).buffer);
  const text = (array) => {
    let letters = "";
    for (const byte of new Uint8Array(array.buffer)) letters += String.fromCharCode(byte);
    return btoa(letters);
  };
  const of = { side, luma: bytes(guess[0]), u: floats(guess[1]), v: floats(guess[2]) };
  const square = new Square(of, ...size);
  const field = square.interpolate(hints);
  const picture = new ImageData(new Uint8ClampedArray(bytes(before).buffer), ...size);
  const painter = new Painter(side, of.luma, picture, strength);
  const add = (plane, change) => {
    const resized = resizeSquare(change, SIDE, side);
    return plane.map((value, at) => value + resized[at]);
  };
  const chroma = { u: add(of.u, field.u), v: add(of.v, field.v) };
  const shown = hints.map((hint) => square.shownColor(hint));
  return [text(chroma.u), text(chroma.v), text(painter.paint(chroma)), shown];
}"""


def as_text(array):
    return base64.b64encode(array.tobytes()).decode()


def as_array(text, kind, shape):
    return np.frombuffer(base64.b64decode(text), kind).reshape(shape)


@pytest.mark.parametrize(
    ("side", "size", "count", "strength"),
    [(112, (180, 240), 1, 100), (320, (240, 160), 6, 100), (256, (200, 200), 64, 70)],
)
def test_the_browser_computes_what_the_server_does(chromium, server, side, size, count, strength):
    prediction, hints = guessed(side, seed=count), hints_at_random(count, seed=side)
    photo = Photo(np.asarray(scene(*size, seed=1)))
    touched = touch_up(prediction, hints, size)
    wanted = apply_prediction(photo, touched, strength).rgb.astype(int)
    before = np.dstack([photo.rgb, np.full(photo.rgb.shape[:2], 255, np.uint8)])
    guess = [prediction.luma, *prediction.chroma.transpose(2, 0, 1)]
    said = [vars(hint) for hint in hints]
    values = [side, [*map(as_text, guess)], as_text(before), size, said, strength / 100]
    with opened(chromium, server) as page:
        page.goto("/healthz")
        u, v, painted, shown = page.evaluate(COMPUTE, values)
    assert shown == [shown_color(prediction, hint) for hint in hints]
    got = as_array(painted, np.uint8, before.shape)[..., :3]
    assert np.abs(got - wanted).mean() < 0.1
    assert np.abs(got - wanted).max() <= 2
    for number, plane in enumerate((u, v)):
        got = as_array(plane, np.float32, (side, side))
        assert np.abs(got - touched.chroma[..., number]).max() < 1e-3
