"""Blocks of work for the processor's cores, each block on one core from start to end.

PyTorch divides every single operation among its threads and has them wait for one another at its
end. Where an operation takes less than a millisecond, that costs more than it saves, and far more
on a machine that does something else besides.
"""

from __future__ import annotations

import functools
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
