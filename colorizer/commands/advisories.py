"""Versions of what reads strangers' files and requests that are known to be bad."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Advisory:
    """A fault that is known of the versions of a part from one to before another.

    Attributes
    ----------
    part
        What the part is called.
    mended
        The first version without the fault.
    name
        What the fault is called in public lists.
    does
        What it lets a file or a request do.
    mend
        How to get a better one.
    since
        The first version with the fault.
    """

    part: str
    mended: str
    name: str
    does: str
    mend: str
    since: str = "0"


_ENDS = "a crafted picture may end the process, or worse"
ADVISORIES = (
    Advisory(
        "expat",
        "2.7.0",
        "CVE-2024-8176",
        "crafted XML may end the process",
        "use a Python built with a newer one, unless your system has mended its own",
    ),
    Advisory("libheif", "1.23.3", "GHSA-x8r2-mggj-j6wr", _ENDS, "pip install --upgrade pi-heif"),
    Advisory("libvips", "8.16.1", "CVE-2025-29769", _ENDS, "pip install --upgrade pyvips-binary"),
    Advisory("opencv-python", "4.12.0", "CVE-2025-53644", _ENDS, "make install", since="4.10"),
    Advisory(
        "Pillow", "12.3.0", "PYSEC-2026-2253", "see there, and its neighbours", "make install"
    ),
    Advisory("torch", "2.6.0", "CVE-2025-32434", "weights may run code", "make install"),
    Advisory("waitress", "3.0.1", "CVE-2024-49769", "connections may keep it busy", "make install"),
    Advisory("werkzeug", "3.0.6", "CVE-2024-49767", "a form may use up memory", "make install"),
)


def find_advisories(versions: dict[str, str]) -> Iterator[str]:
    """Say, of the parts with these versions, which are known to be bad and how to mend it."""
    for advisory in ADVISORIES:
        version = versions.get(advisory.part)
        if not version:
            continue
        if _numbers(advisory.since) <= _numbers(version) < _numbers(advisory.mended):
            yield (
                f"{advisory.part} {version} is known to be bad ({advisory.name}): {advisory.does}. "
                f"Mended in {advisory.mended}: {advisory.mend}"
            )


def installed_versions() -> dict[str, str]:
    """Tell the versions of the parts that are installed here, by the names of `ADVISORIES`."""
    from pyexpat import version_info

    import pi_heif
    import pyvips

    versions = {
        "expat": ".".join(map(str, version_info)),
        "libheif": pi_heif.libheif_version(),
        "libvips": ".".join(str(pyvips.version(part)) for part in range(3)),
    }
    for advisory in ADVISORIES:
        if advisory.part not in versions:
            try:
                versions[advisory.part] = importlib.metadata.version(advisory.part)
            except importlib.metadata.PackageNotFoundError:
                continue  # a library alone needs no server
    return versions


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
