"""TIFF: the picture that is meant, read or plainly refused."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

import pyvips
from PIL.TiffImagePlugin import TiffImageFile

from colorizer.errors import N_, NotAPictureError
from colorizer.pictures import tiff_tags as tags
from colorizer.pictures.opened import OpenPicture, image_array, image_pixels, part_of
from colorizer.pictures.photo import Pixels
from colorizer.pictures.pixels import Box
from colorizer.pictures.resolution import tiff_dpi
from colorizer.pictures.tiff_pages import (
    BYTEWISE,
    FAX,
    JPEG,
    OLD_JPEG,
    STORED_OTHERWISE,
    WEBP,
    Choice,
    Page,
    choose_picture,
    describe,
)
from colorizer.pictures.tiff_parts import open_parts
from colorizer.pictures.tiff_samples import (
    CIE_LAB,
    COLOR_SAMPLES,
    ICC_LAB,
    INKS,
    RGB,
    YCBCR,
    Colors,
    interpret,
)
from colorizer.pictures.tiff_tags import Directory
from colorizer.pictures.words import read_tiff_words

WRONG_SAMPLES = N_(
    "The picture has floating-point or signed pixels, or more than 16 bits a channel, which are "
    "not coloured here. Save it with 8 or 16 bits."
)
# What else photographs are compressed with, by libtiff's numbers.
_METHODS = {
    **{9: "JBIG", 10: "JBIG", 34661: "JBIG", 34715: "JBIG 2", 34887: "LERC", 50002: "JPEG XL"},
    **{33003: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000", 52546: "JPEG XL"},
    **{32766: "NeXT", 32809: "ThunderScan", 32908: "Pixar film", 32909: "Pixar log"},
    **{34676: "SGI LogLuv", 34677: "SGI LogLuv"},
}
# What samples mean, where they are no colours that are read here.
_KINDS = {4: "a mask", 10: "ITU Lab", 32844: "LogL", 32845: "LogLuv", 51177: "a depth map"}


def open_tiff(file: BinaryIO) -> OpenPicture:
    """Read the header of a TIFF file; see `decoding.open_picture`."""
    choice = choose_picture(file)
    directory = choice.directory
    page = describe(directory)
    _refuse_what_is_not_read(page, directory)
    profile = directory.data(tags.ICC_PROFILE) or choice.first.data(tags.ICC_PROFILE)
    about = replace(
        read_tiff_words(file, directory.place),
        icc_profile=None if page.photometric in (INKS, CIE_LAB, ICC_LAB) else profile,
        dpi=tiff_dpi(directory),
        pages=choice.pages,
    )
    orientation = directory.number(tags.ORIENTATION, 1)
    if orientation not in range(1, 9):
        orientation = 1
    if page.compression == OLD_JPEG:
        decode = part_of(lambda: _decode_old_jpeg(file, choice, page))
        return OpenPicture("TIFF", page.width, page.height, decode, about, orientation)
    parts = open_parts(directory, page)
    colors = Colors(
        table=directory.numbers(tags.COLOR_MAP),
        luma_shares=directory.numbers(tags.LUMA_SHARES),
        black_and_white=directory.numbers(tags.BLACK_AND_WHITE),
        profile=profile,
    )

    def decode_part(box: Box | None) -> Pixels:
        whole = (0, 0, page.width, page.height)
        samples = parts.read(box or whole)
        return interpret(samples, _as_decompressed(page), colors)

    return OpenPicture("TIFF", page.width, page.height, decode_part, about, orientation)


def _refuse_what_is_not_read(page: Page, directory: Directory) -> None:
    """Say plainly what can't be read here, before anything is decoded."""
    if page.format != 1 or page.bits > 16:
        raise NotAPictureError(WRONG_SAMPLES)
    method, kind = page.compression, page.photometric
    if kind in COLOR_SAMPLES and page.samples < COLOR_SAMPLES[kind]:
        raise ValueError("too few samples")
    in_blocks = page.subsampling != (1, 1)
    if method not in {OLD_JPEG, JPEG, WEBP, *BYTEWISE, *FAX}:
        raise NotAPictureError(
            N_(
                "This TIFF file is compressed with %(name)s, which can't be read here. Save it "
                "again with LZW compression or none."
            ),
            name=_METHODS.get(method, f"no. {method}"),
        )
    name = None
    if kind not in COLOR_SAMPLES:
        name = _KINDS.get(kind, f"colours of kind {kind}")
    elif kind == INKS and directory.number(tags.INK_SET, 1) != 1:
        name = "inks other than CMYK"
    elif method in (OLD_JPEG, JPEG, WEBP) and page.bits != 8:
        name = f"JPEG of {page.bits} bits"
    elif in_blocks and page.separate:
        name = "subsampled YCbCr in planes"
    elif kind in (YCBCR, CIE_LAB, ICC_LAB) and page.bits not in (8, 16):
        name = f"YCbCr or Lab of {page.bits} bits"
    elif in_blocks and page.part_height % page.subsampling[1] and page.parts > 1:
        name = "YCbCr in strips of odd height"
    elif page.predictor != 1 and (in_blocks or page.bits not in (8, 16)):
        name = f"differences of {page.bits} bits"
    if name:
        raise NotAPictureError(STORED_OTHERWISE, name=name)


def _as_decompressed(page: Page) -> Page:
    """Tell what samples are once they have been decompressed."""
    if page.compression == JPEG and page.photometric == YCBCR:
        return replace(page, photometric=RGB)
    if page.compression in FAX:
        return replace(page, bits=8)
    return page


def _decode_old_jpeg(file: BinaryIO, choice: Choice, page: Page) -> Pixels:
    """Decode TIFF 6.0's own way of holding JPEG, which few programs wrote alike."""
    directory = choice.directory
    start, length = (directory.number(tag, 0) for tag in (tags.JPEG_STREAM, tags.JPEG_LENGTH))
    stream = directory.file.at(start, length) if start and length else b""
    if stream.startswith(b"\xff\xd8") and stream.rstrip(b"\0").endswith(b"\xff\xd9"):
        picture = pyvips.Image.jpegload_buffer(stream, access="sequential", fail_on="warning")
        if (picture.width, picture.height) != (page.width, page.height):
            raise ValueError("another picture")
        return image_array(picture)
    if choice.index is None:
        raise ValueError("only pages of the chain")
    file.seek(0)
    image = TiffImageFile(file)
    image.seek(choice.index)
    return image_pixels(image)
