"""How long photos take on this machine, learnt from the last ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median

from colorizer.library.records import Record

LAST = 9  # photos of a generator that are remembered
UNKNOWN = 10  # seconds that a photo is taken to take before any has been coloured here


class Estimate:
    """The seconds of each generator's last photos."""

    def __init__(self) -> None:
        self._last: dict[str, deque[Record]] = {}
        self._newest: deque[float] = deque(maxlen=LAST)

    def learn(self, records: Iterable[Record]) -> None:
        """Remember photos, the newest last."""
        for record in records:
            self._last.setdefault(record.model, deque(maxlen=LAST)).append(record)
            self._newest.append(record.seconds)

    def pace(self) -> float:
        """Tell the seconds from one photo to the next while many wait, whatever is asked of them.

        It is what the last ones took by themselves: a little more, since while one is predicted
        the next one's file is read.
        """
        return median(list(self._newest) or [UNKNOWN])

    def seconds(self, render_factor: int) -> dict[str, float]:
        """Tell what a photo is going to take with each generator that has coloured some.

        DeOldify's work grows with the area of its square; that of the built-in generator is
        small beside the files' own.
        """
        return {
            model: median(
                record.seconds
                * (1 if model == "builtin" else (render_factor / record.render_factor) ** 2)
                for record in list(last)
            )
            for model, last in list(self._last.items())
        }
