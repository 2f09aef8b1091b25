"""The colours that a person has said of a stored photo: kept beside it, under a rising version."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from filelock import FileLock

from colorizer.coloring.hints import Hint, check_hints, parse_hints
from colorizer.errors import N_, ChangedError, OptionError
from colorizer.files import read_plain
from colorizer.jobs.runtime import Runtime
from colorizer.library.records import HINTS, Record

log = logging.getLogger(__name__)

LONGEST = 64_000  # bytes of a list of hints, far beyond any
CHANGED = N_(
    "The colours of this photo were put right elsewhere meanwhile, as in another window, so "
    "nothing was changed here. Look at what is there now."
)


@dataclass(frozen=True)
class KeptHints:
    """The hints of a stored photo.

    Attributes
    ----------
    version
        How often they have been changed.
    hints
        They themselves, the oldest first.
    """

    version: int = 0
    hints: tuple[Hint, ...] = ()

    def name(self, file: str) -> str:
        """Name a file that these hints have a say in.

        The name has a sum of the hints in it, so that nothing that was made with others is ever
        taken for it, however a process ended. Without hints it is `file` itself.
        """
        path = PurePath(file)
        return f"{path.stem}+{self._sum}{path.suffix}" if self.hints else file

    def is_old(self, path: Path) -> bool:
        """Tell whether a file was made with other hints than these."""
        return "+" in path.name and not (self.hints and path.stem.endswith(f"+{self._sum}"))

    def rows(self) -> list[dict[str, Any]]:
        """Return the hints as JSON has them; `hints.parse_hints` reads them."""
        return [asdict(hint) for hint in self.hints]

    def to_json(self) -> str:
        """Write them as `kept_hints` reads them."""
        return json.dumps({"version": self.version, "hints": self.rows()})

    @cached_property
    def _sum(self) -> str:
        return hashlib.sha256(json.dumps(self.rows()).encode()).hexdigest()[:16]


def kept_hints(record: Record, runtime: Runtime) -> KeptHints:
    """Return the hints of a stored photo; none if they can't be read, which is logged."""
    path = runtime.store.path(record, HINTS)
    try:
        data = json.loads(read_plain(path, LONGEST))
        hints = tuple(parse_hints(data))
        version = data.get("version")
        if type(version) is not int or version < 1:
            raise ValueError("it has no version")
    except FileNotFoundError:
        return KeptHints()
    except (OSError, ValueError, RecursionError, OptionError) as error:
        log.warning("%s can't be read: %s", path, error)
        return KeptHints()
    return KeptHints(version, hints)


def keep_hints(
    record: Record, runtime: Runtime, hints: Sequence[Hint], version: int | None = None
) -> KeptHints:
    """Keep hints with a stored photo, in place of those it has; none takes all back.

    A kill at any instant leaves the old ones or the new ones.

    Parameters
    ----------
    record, runtime
        The photo; the app's runtime.
    hints
        At most 64.
    version
        Of the hints that these are to replace; None: of any.

    Raises
    ------
    ChangedError
        If the photo has hints of another version.
    OptionError
        As `hints.check_hints`.
    NotFoundError
        If the photo has been deleted meanwhile.
    """
    check_hints(hints)
    store = runtime.store
    # Among all processes on the folder, one after the other looks at the version and writes.
    with store.told(), FileLock(store.folder / ".hints.lock", mode=0o600):
        before = kept_hints(record, runtime)
        if version is not None and version != before.version:
            raise ChangedError(CHANGED)
        kept = KeptHints(before.version + 1, tuple(hints))
        with store.attach(record, HINTS) as part:
            part.write_text(kept.to_json(), encoding="utf-8")
    with contextlib.suppress(OSError):  # Windows keeps what is being sent; the next change tries.
        for path in store.path(record, "").iterdir():
            # What the last list gave may be on its way to somebody, or be wanted back soon.
            if kept.is_old(path) and before.is_old(path):
                path.unlink(missing_ok=True)
    return kept
