"""When packets of pictures are decoded, made anew for a whole film out of when they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream


class Order:
    """The time stamps of all packets of a picture track.

    Segments have decoding times of their own, which may begin before the last ones of the segment
    before, and some containers have none.

    Parameters
    ----------
    stamps
        When each packet is shown, in the order in which they are decoded.
    end
        When the last frame goes.
    """

    def __init__(self, stamps: Sequence[int], end: int) -> None:
        self._stamps = stamps
        self._shown = sorted(stamps)
        rank = {stamp: number for number, stamp in enumerate(self._shown)}
        # A frame is decoded before all that are shown after it, so many frames earlier.
        self._delay = max((n - rank[stamp] for n, stamp in enumerate(stamps)), default=0)
        after = [*self._shown[1:], end]
        self._lengths = {a: max(1, b - a) for a, b in zip(self._shown, after, strict=True)}

    def __len__(self) -> int:
        return len(self._stamps)

    def apply(
        self, packets: Iterable[Packet[Any]], stream: Stream, ticks: Fraction
    ) -> Iterator[Packet[Any]]:
        """Give the packets, of which the stamps were, to a track of the result.

        Parameters
        ----------
        packets
            As many as there are stamps, in their order.
        stream
            The result's track.
        ticks
            What stamps are counted in.
        """
        shown, delay = self._shown, self._delay
        step = shown[1] - shown[0] if len(shown) > 1 else 1
        last: int | None = None
        for number, (packet, pts) in enumerate(zip(packets, self._stamps, strict=True)):
            early = delay - number
            dts = shown[0] - early * step if early > 0 else shown[number - delay]
            last = dts if last is None else max(dts, last + 1)
            packet.time_base, packet.stream = ticks, stream
            packet.dts, packet.pts = last, max(pts, last)
            packet.duration = self._lengths[pts]
            yield packet
