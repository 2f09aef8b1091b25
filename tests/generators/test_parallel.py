"""Work is shared out among cores: a core has one thread, and nothing is done twice or forgotten."""

from __future__ import annotations

import threading

import pytest
import torch

from colorizer.generators.kernels.parallel import Stretches, run

CPU = torch.device("cpu")


def test_a_core_has_one_thread_and_pytorch_keeps_its_own():
    before = torch.get_num_threads()
    within = []
    run(lambda items: within.extend(torch.get_num_threads() for _ in items), [1, 2], CPU)
    assert within == [1, 1]
    counts = [torch.get_num_threads()]
    other = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert counts == [before, before]


@pytest.mark.parametrize("count", [1, 2, 3, 19, 64])
@pytest.mark.parametrize("pace", [(1,), (1, 1), (1, 5), (1, 2, 3, 100)])
def test_every_step_is_taken_once_however_fast_the_threads_are(count, pace):
    """Thread i takes a step every `pace[i]` ticks."""
    stretches = Stretches(count)
    last = dict.fromkeys(range(len(pace)))
    taken, beginnings, ticks = [], 0, 0
    while last:
        for thread in [i for i in last if ticks % pace[i] == 0]:
            step = stretches.take(last[thread])
            if step is None:
                del last[thread]
                continue
            beginnings += last[thread] is None or step != last[thread] + 1
            taken.append(step)
            last[thread] = step
        ticks += 1
    assert sorted(taken) == list(range(count))
    assert beginnings <= len(pace) * (1 + count.bit_length())
    quickest = 1 / sum(1 / each for each in pace)  # ticks a step, all of them together
    assert ticks <= count * quickest + 3 * max(pace)
