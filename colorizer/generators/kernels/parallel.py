"""Blocks of work for the processor's cores, each block on one core from start to end.

PyTorch divides every single operation among its threads and has them wait for one another at its
end. Where an operation takes less than a millisecond, that costs more than it saves, and far more
on a machine that does something else besides.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import TypeVar

import torch

Item = TypeVar("Item")

_lock = Lock()


def run(
    work: Callable[[Iterator[Item]], None], items: Iterable[Item], device: torch.device
) -> None:
    """Do `items`, on the processor as many at a time as PyTorch has threads.

    Parameters
    ----------
    work
        Does the items it is given, until there are none. Every thread calls it once, on one
        shared iterator: a core that is kept busy by others takes fewer. What it needs for all
        its items, such as buffers, it can make once.
    items
        What there is to do, in any order.
    device
        Where the work is done; another device than the processor gets it from this thread.
    """
    shared = iter(list(items))

    @torch.inference_mode()
    def task(_: int) -> None:
        work(shared)

    if device.type != "cpu":
        work(shared)
        return
    with _lock:  # while threads are started, their number isn't what it seems
        threads = torch.get_num_threads()
        pool = _pool(threads)
    list(pool.map(task, range(threads)))


class Stretches:
    """Steps for several threads, each of which likes to go on where it is, for beginning costs.

    A thread that comes to the end of its stretch takes over half of the longest one that is left.

    Parameters
    ----------
    count
        How many steps there are.
    """

    def __init__(self, count: int) -> None:
        self._free = [True] * count
        self._lock = Lock()

    def take(self, last: int | None) -> int | None:
        """Return a step to do after `last`: the one behind it if possible; None at the end."""
        with self._lock:
            step = self._choose(last)
            if step is not None:
                self._free[step] = False
            return step

    def _choose(self, last: int | None) -> int | None:
        if last is not None and last + 1 < len(self._free) and self._free[last + 1]:
            return last + 1
        runs = itertools.groupby(range(len(self._free)), self._free.__getitem__)
        longest = max((list(run) for free, run in runs if free), key=len, default=[])
        if longest[:1] == [0]:
            return 0
        # Somebody is about to take its first. A last step is quicker done by who is next to it.
        return longest[len(longest) // 2] if len(longest) > 1 else None


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Start threads in which PyTorch uses no further threads."""
    ready = Barrier(threads + 1)

    def begin() -> None:
        torch.set_num_threads(1)
        torch.get_num_threads()  # settles it: else the first operation takes what was set last
        ready.wait()

    pool = ThreadPoolExecutor(threads, "colorizer", begin)
    for _ in range(threads):
        pool.submit(int)
    ready.wait()
    # The number is each thread's own, but what the last call sets is also what threads that
    # haven't used PyTorch yet begin with.
    torch.set_num_threads(threads)
    return pool
