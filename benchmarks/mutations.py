"""Sound picture files made wrong where it hurts: lengths, counts, offsets, nesting, sharing.

``python -m benchmarks.mutations`` has the app's own child processes read as many as one likes.
"""

from __future__ import annotations

import argparse
import io
import os
import struct
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any, Literal

from PIL import Image, ImageCms

from benchmarks.server import most_memory
from colorizer.errors import ColorizerError
from colorizer.pictures.pool import PicturePool

# Boxes of ISO's media files that hold boxes, each with the bytes that come before the first.
_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iref": 4, b"jp2h": 0, b"res ": 0, b"dinf": 0}
_DIRECTORIES = (330, 34665, 34853, 40965)  # TIFF's tags that point at directories
_MOST = 4_000_000  # bytes that a mutated file may have
_MOST_PARTS = 3000  # looked at; enough of them may be copies

Field = tuple[int, int, Literal["big", "little"]]  # place, bytes, and which byte comes first


@dataclass(frozen=True)
class Part:
    """A stretch of a file that is a thing of its own: a chunk, a segment, a box, a tag.

    Attributes
    ----------
    start, end
        Its first byte, and the one after its last.
    fields
        Numbers in it that say how long, how many or where.
    """

    start: int
    end: int
    fields: tuple[Field, ...] = ()


def mutate(data: bytes, random: Random) -> bytes:
    """Make a file of 1 to 4 changes to its structure.

    Parameters
    ----------
    data
        A sound file of any kind that is read here.
    random
        Where chance comes from: the same seed gives the same file.
    """
    for _ in range(random.randint(1, 4)):
        parts = list(islice(_parts(data), _MOST_PARTS))
        change = random.choice((_set_number,) * 5 + (_repeat, _drop, _swap, _nest, _share, _cut))
        data = change(data, parts, random)[:_MOST]
    # A wrong sum would be all that a decoder looks at.
    return _with_sums(data) if data.startswith(b"\x89PNG") and random.random() < 0.9 else data


def _set_number(data: bytes, parts: list[Part], random: Random) -> bytes:
    fields = [field for part in parts for field in part.fields]
    if not fields:
        return _spoil(data, random)
    field = random.choice(fields)
    place, size, _ = field
    most, now = 256**size, _number(data, field)
    value = random.choice(
        (
            *(0, 1, 2, 4, 65_535, 65_536, 1_000_000, most - 1, most // 2, most // 2 - 1),
            *(now + 1, now - 1, 2 * now, now // 2),
            *(len(data), len(data) - 1, place, random.randrange(most)),
        )
    )
    return _written(data, field, value)


def _repeat(data: bytes, parts: list[Part], random: Random) -> bytes:
    part = random.choice(parts)
    times = random.choice((1, 2, 10, 1000, 20_000))
    piece = data[part.start : part.end]
    return data[: part.end] + piece * min(times, _MOST // max(1, len(piece))) + data[part.end :]


def _drop(data: bytes, parts: list[Part], random: Random) -> bytes:
    part = random.choice(parts)
    return data[: part.start] + data[part.end :]


def _swap(data: bytes, parts: list[Part], random: Random) -> bytes:
    one, other = sorted(random.choices(parts, k=2), key=lambda part: part.start)
    if one.end > other.start:
        return _spoil(data, random)
    first, second = data[one.start : one.end], data[other.start : other.end]
    return data[: one.start] + second + data[one.end : other.start] + first + data[other.end :]


def _nest(data: bytes, parts: list[Part], random: Random) -> bytes:
    """Put a part into another, and say that the other is longer by it where it says its length."""
    inner, outer = random.choices(parts, k=2)
    piece = data[inner.start : inner.end]
    if outer.fields:
        data = _written(data, outer.fields[0], _number(data, outer.fields[0]) + len(piece))
    middle = min(outer.end, outer.start + 8)
    return data[:middle] + piece + data[middle:]


def _share(data: bytes, parts: list[Part], random: Random) -> bytes:
    """Have all that point somewhere, as far as they look alike, point at the same."""
    lasts = [part.fields[-1] for part in parts if part.fields]
    if not lasts:
        return _spoil(data, random)
    place, size, _ = random.choice(lasts)
    raw = data[place : place + size]
    for other, other_size, _ in lasts:
        if other_size == size and random.random() < 0.7:
            data = data[:other] + raw + data[other + size :]
    return data


def _cut(data: bytes, parts: list[Part], random: Random) -> bytes:
    part = random.choice(parts)
    return data[: random.choice((part.start, part.end, (part.start + part.end) // 2))]


def _spoil(data: bytes, random: Random) -> bytes:
    place = random.randrange(max(1, len(data)))
    return data[:place] + random.randbytes(random.choice((1, 4, 64))) + data[place + 4 :]


def _number(data: bytes, field: Field) -> int:
    place, size, order = field
    return int.from_bytes(data[place : place + size], order)


def _written(data: bytes, field: Field, value: int) -> bytes:
    place, size, order = field
    raw: bytes = (value % 256**size).to_bytes(size, order)
    return data[:place] + raw + data[place + size :]


def _parts(data: bytes) -> Iterator[Part]:
    """Find what a file is made of; whatever it is, there is at least the whole."""
    yield Part(0, len(data))
    try:
        if data.startswith(b"\x89PNG"):
            yield from _png(data)
        elif data.startswith(b"\xff\xd8"):
            yield from _jpeg(data)
        elif data[:4] in (b"II*\0", b"MM\0*"):
            yield from _tiff(data, 0)
        elif data.startswith(b"RIFF"):
            yield from _riff(data)
        elif data[4:8] in (b"ftyp", b"jP  "):
            yield from _boxes(data, 0, len(data))
        else:
            yield Part(0, 64, tuple((place, 2, "little") for place in range(2, 64, 2)))
    except (struct.error, IndexError, RecursionError):
        return  # as far as the last change lets it be read


def _png(data: bytes) -> Iterator[Part]:
    place = 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        fields: list[Field] = [(place, 4, "big")]
        if data[place + 4 : place + 8] == b"IHDR":
            fields += [(place + 8, 4, "big"), (place + 12, 4, "big")]
            fields += [(place + byte, 1, "big") for byte in range(16, 21)]
        yield Part(place, min(len(data), place + 12 + length), tuple(fields))
        if data[place + 4 : place + 8] == b"eXIf":
            yield from _tiff(data, place + 8)
        place += 12 + length


def _jpeg(data: bytes) -> Iterator[Part]:
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = struct.unpack_from(">xBH", data, place)
        end = place + 2 + length
        fields: list[Field] = [(place + 2, 2, "big")]
        if marker in (0xC0, 0xC1, 0xC2):
            fields += [(place + 4, 1, "big"), (place + 5, 2, "big"), (place + 7, 2, "big")]
            fields += [(byte, 1, "big") for byte in range(place + 9, min(end, place + 19))]
        yield Part(place, end, tuple(fields))
        if data[place + 4 : place + 10] == b"Exif\0\0":
            yield from _tiff(data, place + 10)
        if marker == 0xDA:
            return
        place = end


def _tiff(data: bytes, base: int) -> Iterator[Part]:
    way: Literal["big", "little"] = "little" if data[base : base + 2] == b"II" else "big"
    order = "<" if way == "little" else ">"
    yield Part(base, base + 8, ((base + 4, 4, way),))
    waiting, seen = [struct.unpack_from(order + "I", data, base + 4)[0]], set[int]()
    while waiting:
        start = base + waiting.pop()
        if start in seen or len(seen) > 20:
            continue
        seen.add(start)
        (count,) = struct.unpack_from(order + "H", data, start)
        end = start + 2 + 12 * count
        yield Part(start, end + 4, ((start, 2, way), (end, 4, way)))
        for place in range(start + 2, min(end, start + 2 + 12 * 200), 12):
            tag, _, _, value = struct.unpack_from(order + "HHII", data, place)
            numbers = ((place, 2), (place + 2, 2), (place + 4, 4), (place + 8, 4))
            yield Part(place, place + 12, tuple((at, size, way) for at, size in numbers))
            if tag in _DIRECTORIES:
                waiting.append(value)
        (following,) = struct.unpack_from(order + "I", data, end)
        if following:
            waiting.append(following)


def _riff(data: bytes) -> Iterator[Part]:
    yield Part(0, 12, ((4, 4, "little"),))
    place = 12
    while place + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, place + 4)
        fields: list[Field] = [(place + 4, 4, "little")]
        fields += [(place + 8 + byte, 1, "little") for byte in range(min(10, length))]
        yield Part(place, place + 8 + length, tuple(fields))
        if data[place : place + 4] == b"EXIF":
            yield from _tiff(data, place + 8)
        place += 8 + length + length % 2


def _boxes(data: bytes, place: int, end: int) -> Iterator[Part]:
    while place + 8 <= min(end, len(data)):
        length, name = struct.unpack_from(">I4s", data, place)
        length = max(8, length) if length else end - place
        fields: list[Field] = [(place, 4, "big")]
        # What a box says of others stands at its beginning, at whatever places.
        inner = range(place + 8, min(place + length, place + 72), 2)
        fields += [(at, size, "big") for at in inner for size in (1, 2, 4)]
        yield Part(place, place + length, tuple(fields))
        if name in _CONTAINERS:
            yield from _boxes(data, place + 8 + _CONTAINERS[name], place + length)
        place += length


def _with_sums(data: bytes) -> bytes:
    """Make the sums of a PNG's chunks right, as far as its lengths let them be found."""
    place, done = 8, [data[:8]]
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        body = data[place + 4 : place + 8 + length]
        if len(body) < 4 + length:
            break
        done += [data[place : place + 4], body, zlib.crc32(body).to_bytes(4, "big")]
        place += 12 + length
    return b"".join(done) + data[place:]


def sound_files(size: tuple[int, int] = (150, 100)) -> list[bytes]:
    """Make a file of each kind that Pillow writes, with EXIF, a profile and XMP where it can be."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "Grandmother", 6
    exif.get_ifd(0x8769)[0x9003] = "1938:05:01 12:00:00"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a><b c="d"/></a></x:xmpmeta>'
    told: dict[str, Any] = {"exif": exif, "icc_profile": profile, "xmp": xmp}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("JPEG", told),
        ("JPEG", {"progressive": True}),
        ("PNG", {"exif": exif, "icc_profile": profile}),
        ("TIFF", {"exif": exif, "icc_profile": profile}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("WEBP", told),
        ("AVIF", told),
        ("JPEG2000", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("PPM", {}),
    ]
    picture = Image.effect_noise(size, 60).convert("RGB")
    files = []
    for kind, options in kinds:
        file = io.BytesIO()
        picture.save(file, kind, **options)
        files.append(file.getvalue())
    return files


def read_mutations(pool: PicturePool, files: Sequence[bytes], seeds: Iterable[int]) -> Counter[str]:
    """Check, read and preview a mutated file for each seed; count how that ended.

    Parameters
    ----------
    pool
        What reads them.
    files
        Sound ones.
    seeds
        Of the mutations.

    Raises
    ------
    RuntimeError
        If one ends otherwise than as a picture or as an error meant for people.
    """

    def read(seed: int) -> str:
        random = Random(seed)
        data = mutate(random.choice(files), random)
        try:
            pool.check_photo(io.BytesIO(data))
            pool.preview_photo(pool.read_photo(io.BytesIO(data)))
        except ColorizerError as error:
            return type(error).__name__
        except Exception as error:
            raise RuntimeError(f"the mutation {seed} ends with {error!r}") from error
        return "picture"

    with ThreadPoolExecutor(3) as threads:
        return Counter(threads.map(read, seeds))


def main() -> None:
    """Read so many mutations, and print how they ended, how soon, and in what memory."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first one")
    arguments = parser.parse_args()
    started = time.perf_counter()
    with PicturePool() as pool:
        seeds = range(arguments.seed, arguments.seed + arguments.count)
        ends = read_mutations(pool, sound_files(), seeds)
        memory = most_memory(os.getpid())
    print(f"{dict(ends)} in {time.perf_counter() - started:.0f} s and {memory:.0f} MB")


if __name__ == "__main__":
    main()
