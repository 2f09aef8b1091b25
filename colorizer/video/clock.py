"""The clock of an MPEG stream, which may begin anew: recordings put together, and films of DVDs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.packet import Packet

# How far times may go back, as those of frames do that others are made of, and forth, as where
# nothing was sent, without the clock being another one. In seconds.
_BACK, _FORTH = 1, 3600


class Clock:
    """Follows the picture track in the order of the file; all tracks are moved as it is moved."""

    def __init__(self) -> None:
        self._latest: Fraction | None = None  # time of any frame so far
        self._step = Fraction(1, 25)
        self._offsets = [Fraction(0), Fraction(0)]  # before the last jump, and since then
        self._ends: dict[int, Fraction] = {}

    def set_picture(self, packet: Packet[Any]) -> None:
        """Move a packet of the picture track to where it belongs."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is not None:
            time = stamp * packet.time_base
            if self._latest is None:
                self._latest = time
            if not -_BACK < time + self._offsets[1] - self._latest < _FORTH:
                self._offsets = [self._offsets[1], self._latest + self._step - time]
            self._latest = max(self._latest, time + self._offsets[1])
            if packet.duration:
                self._step = packet.duration * packet.time_base
        _move(packet, self._offsets[1])

    def set_other(self, packet: Packet[Any]) -> None:
        """Move a packet of another track; near a jump it may be of the time before."""
        offset = self._offsets[1]
        if packet.dts is not None:
            time = packet.dts * packet.time_base
            end = self._ends.get(packet.stream_index)
            if end is not None:
                offset = min(self._offsets, key=lambda each: abs(time + each - end))
            length = (packet.duration or 0) * packet.time_base
            self._ends[packet.stream_index] = time + offset + length
        _move(packet, offset)


def _move(packet: Packet[Any], offset: Fraction) -> None:
    away = round(offset / packet.time_base)
    if away and packet.pts is not None:
        packet.pts += away
    if away and packet.dts is not None:
        packet.dts += away
