"""Photographs as files: told by their bytes, checked, decoded, encoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .errors import N_, BrokenPictureError, ColorizerError, NotAPictureError, TooLargeError

# What stands at the beginning of a file of each kind.
SIGNATURES = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n"}
EXTENSIONS = {"JPEG": ".jpg", "PNG": ".png"}
MIME_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}

ORIENTATION, GPS = 0x0112, 0x8825  # EXIF tags

MEGAPIXELS = 150

# Pillow's own limit would warn from 89 megapixels on; `open_header` enforces ours instead.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Photo:
    """A decoded photograph, upright.

    Attributes
    ----------
    rgb
        (H, W, 3) uint8.
    alpha
        (H, W) uint8, or None where the file has no transparency.
    kind
        The kind of file it came from: ``JPEG`` or ``PNG``.
    exif, icc_profile, dpi
        What else the file says of itself; None where it says nothing.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    kind: str = "PNG"
    exif: bytes | None = None
    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.rgb.shape[0])


def check_photo(source: Path | BinaryIO, max_megapixels: float = MEGAPIXELS) -> str:
    """Check a file by its first bytes and its header, before anything is decoded.

    Returns
    -------
    str
        Its kind, ``JPEG`` or ``PNG``, whatever its name says.

    Raises
    ------
    NotAPictureError
        If the bytes are of no kind that is read here.
    BrokenPictureError
        If the header is damaged.
    TooLargeError
        If it has more than `max_megapixels` million pixels.
    """
    with _open(source, max_megapixels) as image:
        return str(image.format)


def read_photo(source: Path | BinaryIO, max_megapixels: float = MEGAPIXELS) -> Photo:
    """Decode a photo and turn it upright.

    Sixteen-bit pictures come out at eight bits.

    Raises
    ------
    NotAPictureError, BrokenPictureError, TooLargeError
        As `check_photo`; `BrokenPictureError` also if the pixels are cut off or damaged.
    """
    with _open(source, max_megapixels) as image:
        try:
            image.load()
            upright = ImageOps.exif_transpose(image)
            rgb, alpha = _planes(upright)
        except MemoryError:
            raise
        except Exception as error:  # decoders fail on damaged files in any way
            raise _broken() from error
        return Photo(
            rgb,
            alpha,
            kind=str(image.format),
            exif=_exif(upright),
            icc_profile=image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None,
            dpi=image.info.get("dpi"),
        )


def write_photo(photo: Photo, target: Path | BinaryIO, kind: str | None = None) -> None:
    """Encode a photo.

    Parameters
    ----------
    photo
        The photo.
    target
        A path, or a file open for writing.
    kind
        ``JPEG`` (quality 95, no chroma subsampling) or ``PNG``; by default the kind it came in.
        JPEG has no transparency: what is transparent becomes white.
    """
    kind = kind or photo.kind
    image = Image.fromarray(photo.rgb)
    if photo.alpha is not None:
        image.putalpha(Image.fromarray(photo.alpha))
    if photo.alpha is not None and kind == "JPEG":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    options = {
        name: value
        for name in ("exif", "icc_profile", "dpi")
        if (value := getattr(photo, name)) is not None
    }
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
    else:
        options |= {"compress_level": 3}  # a third of the time for a twentieth more bytes
    image.save(target, kind, **options)


def _open(source: Path | BinaryIO, max_megapixels: float) -> Image.Image:
    """Open a file far enough to know its kind and size."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            first = file.read(16)
    else:
        first = source.read(16)
        source.seek(0)
    if not first:
        raise NotAPictureError(N_("The file is empty."))
    kind = next((kind for kind, mark in SIGNATURES.items() if first.startswith(mark)), None)
    if kind is None:
        raise NotAPictureError(N_("This is not a picture that can be read: use a JPEG or a PNG."))
    try:
        image = Image.open(source, formats=[kind])
    except Exception as error:  # parsers fail on damaged headers in any way
        raise _broken() from error
    if image.width * image.height > max_megapixels * 1e6:
        image.close()
        raise TooLargeError(
            N_(
                "The picture has %(pixels)d megapixels; at most %(limit)d are coloured here. "
                "Scan or save it smaller."
            ),
            pixels=round(image.width * image.height / 1e6),
            limit=max_megapixels,
        )
    return image


def _broken() -> ColorizerError:
    return BrokenPictureError(
        N_("The picture is cut off or damaged and can't be opened. Try to save or scan it again.")
    )


def _planes(image: Image.Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Split any Pillow mode into RGB and alpha, both 8 bits."""
    if image.mode.startswith("I"):  # 16-bit grey, which `convert` would clip instead of scale
        grey = (np.asarray(image, np.float32) / 257 + 0.5).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2), None
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
    return np.array(image.convert("RGB")), None


def _exif(image: Image.Image) -> bytes | None:
    """EXIF as it came, less the orientation (the pixels are upright) and the place."""
    try:
        exif = image.getexif()
        for tag in (ORIENTATION, GPS):
            exif.pop(tag, None)
        return exif.tobytes() if len(exif) else None
    except Exception:  # damaged EXIF is no reason to refuse a picture
        return None


def encode_photo(photo: Photo, kind: str | None = None) -> bytes:
    """Encode a photo to bytes; see `write_photo`."""
    buffer = io.BytesIO()
    write_photo(photo, buffer, kind)
    return buffer.getvalue()
