"""A contact sheet: one photo at several render factors, by several generators, to choose from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from colorizer.coloring.colorize import Profiles, apply_prediction
from colorizer.coloring.prediction import Prediction
from colorizer.pictures import profiles as in_this_process
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import eight_bits, shrink_photo, sixteen_bits

CELL = 640  # pixels of a picture's longer side, at most
NARROWEST = 160  # pixels that a caption takes
GAP, LINE = 16, 32  # pixels between pictures; of a line of text
PAPER, INK = "#f4f4f2", "#222222"


def draw_sheet(
    photo: Photo,
    rows: Sequence[Sequence[Prediction]],
    strength: int = 100,
    profiles: Profiles = in_this_process,
) -> Photo:
    """Draw a photo as it is and as the generators see it.

    Parameters
    ----------
    photo
        The photo, of any size.
    rows
        What each generator thinks of it, at each render factor: a row a generator.
    strength
        0 to 100, in percent.
    profiles
        What converts colours by the photo's profile.

    Returns
    -------
    Photo
        8 bits, sRGB, JPEG by default. Each row begins with the photo as it is.
    """
    small = shrink_photo(photo, CELL)
    original = _picture(small, profiles)
    width, height = max(original.width, NARROWEST) + GAP, original.height + 2 * LINE + GAP
    columns = 1 + max(len(row) for row in rows)
    sheet = Image.new("RGB", (GAP + columns * width, GAP + len(rows) * height), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=LINE * 5 // 8)
    for number, row in enumerate(rows):
        top = GAP + number * height
        draw.text((GAP, top), row[0].generator, INK, font)
        cells = [("original", original)]
        for prediction in row:
            coloured = apply_prediction(small, prediction, strength)
            caption = f"render factor {prediction.render_factor}"
            cells.append((caption, _picture(coloured, profiles)))
        for column, (caption, picture) in enumerate(cells):
            left = GAP + column * width
            sheet.paste(picture, (left, top + LINE))
            draw.text((left, top + LINE + picture.height + LINE // 8), caption, INK, font)
    generators = ", ".join(row[0].generator for row in rows)
    return Photo(np.asarray(sheet), kind="JPEG", generator=generators)


def _picture(photo: Photo, profiles: Profiles) -> Image.Image:
    """Show a small photo in sRGB."""
    rgb = photo.rgb
    profile = photo.about.icc_profile
    if profile and not profiles.is_srgb(profile):
        rgb = profiles.convert(sixteen_bits(rgb), profile, to_srgb=True)
    return Image.fromarray(np.ascontiguousarray(eight_bits(rgb)))
