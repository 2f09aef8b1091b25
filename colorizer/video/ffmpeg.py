"""PyAV, which brings FFmpeg, where it is installed; whoever has only photos needs none."""

from __future__ import annotations

import os

from colorizer.errors import N_, NotReadyError

os.environ.setdefault("SVT_LOG", "1")  # Errors alone: SVT-AV1 tells its settings each time.
try:
    import av as av
except ImportError:
    av = None  # type: ignore[assignment]


def need_av() -> None:
    """Raise an error where PyAV is missing.

    Raises
    ------
    NotReadyError
        If it is not installed.
    """
    if av is None:
        raise NotReadyError(
            N_("Films need PyAV, which is not installed here: pip install %(package)s."),
            package='"av>=17.1,<19"',
        )
