"""Who is next, how many wait and for how long, and what a stopwatch leaves out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from support.threads import wait_for

from colorizer.errors import BusyError
from colorizer.jobs.turns import AT_ONCE, Stopwatch, Turns


def make_turns(max_waiting=8, at_once=AT_ONCE):
    return Turns(max_waiting, lambda: 2.5, at_once)


def test_two_are_in_hand_and_a_third_waits_until_one_is_done():
    for _ in range(20):
        turns, order = make_turns(), []

        def third(turns=turns, order=order):
            with turns.turn("c"):
                order.append("third")

        with turns.turn("a"):
            with turns.turn("b"):
                thread = threading.Thread(target=third)
                thread.start()
                wait_for(lambda turns=turns: len(turns) == 3)
                order.append("one is done")
            thread.join()  # the other is still in hand
        assert order == ["one is done", "third"]
        assert len(turns) == 0


class Bench:
    """Photos that are in hand until the test says so, in threads of their own."""

    def __init__(self):
        self.begun, self.ended = [], []  # visitors, in the order of their photos
        self._done, self._over = threading.Semaphore(0), threading.Event()
        self._threads = []

    def photo(self, turns, visitor):
        self._start(self._color, turns, visitor, visitor)

    def batch(self, turns, visitor, photos):
        def run():
            with turns.admitted(visitor, photos) as guest, ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda _: self._color(turns, guest, visitor), range(photos)))

        self._start(run)

    def finish(self, photos):
        """Have some photos done, and others in hand in their place."""
        for _ in range(photos):
            begun = len(self.begun)
            self._done.release()
            wait_for(lambda begun=begun: len(self.begun) > begun)

    def end(self):
        """Have all done that are in hand or wait, and begin no others."""
        self._over.set()
        self._done.release(1_000_000)
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _color(self, turns, guest, visitor):
        if not self._over.is_set():
            with turns.turn(guest):
                self.begun.append(visitor)
                self._done.acquire(timeout=60)
            self.ended.append(visitor)

    def _start(self, function, *args):
        self._threads.append(threading.Thread(target=function, args=args))
        self._threads[-1].start()


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.end()


def test_one_photo_waits_for_one_of_each_other_visitor_however_many_they_sent(bench):
    turns = make_turns(max_waiting=20)
    towns = ("one", "two", "three")
    for town in towns:
        bench.batch(turns, town, 1000)
    wait_for(lambda: len(turns) == 6)
    for _ in range(17):
        bench.photo(turns, "script")
    wait_for(lambda: len(turns) == 23)
    bench.finish(5)

    before = len(bench.begun)
    bench.photo(turns, "granddaughter")
    wait_for(lambda: len(turns) == 24 - bench.ended.count("script"))
    bench.finish(5)
    since = bench.begun[before:]
    assert sorted(since) == sorted([*towns, "script", "granddaughter"])


def test_newcomers_overtake_who_has_sent_many_and_do_not_stop_them(bench):
    turns = make_turns(max_waiting=20)
    towns = ("one", "two", "three", "four", "five")
    for town in towns:
        bench.batch(turns, town, 1000)
    wait_for(lambda: len(turns) == 10)
    bench.finish(10)  # The towns are no newcomers any more.

    before = len(bench.begun)
    for number, visitor in enumerate(("granddaughter", "a", "b", "granddaughter")):
        bench.photo(turns, visitor)
        wait_for(lambda number=number: len(turns) == 11 + number)
    bench.finish(5)
    first, *others = bench.begun[before:]
    assert first == "granddaughter"
    assert [visitor in towns for visitor in others] == [True, False, True, False]
    assert others[1::2] == ["a", "b"]
    bench.finish(4)  # Her second photo stands behind the towns that have not had a turn since.
    assert [visitor in towns for visitor in bench.begun[before + 5 :]] == [True, True, True, False]


def test_the_photos_of_a_visitor_come_in_their_own_order():
    turns, order, threads = make_turns(at_once=1), [], []

    def photo(visitor, number):
        with turns.turn(visitor):
            order.append((visitor, number))

    with turns.turn("c"):
        for visitor, number in (("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)):
            threads.append(threading.Thread(target=photo, args=(visitor, number)))
            threads[-1].start()
            wait_for(lambda: len(turns) == len(threads) + 1)
    for thread in threads:
        thread.join(60)
    assert order == [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]


def test_so_many_wait_as_may_besides_those_in_hand(bench):
    turns = make_turns(max_waiting=8)
    for number in range(10):
        bench.photo(turns, "script")
        wait_for(lambda number=number: len(turns) == number + 1)
    with pytest.raises(BusyError), turns.turn("script"):
        pass
    bench.finish(1)  # and one fewer waits
    with turns.admitted("script"), pytest.raises(BusyError), turns.turn("script"):
        pass


def test_with_no_room_to_wait_two_are_in_hand_and_a_third_is_sent_away():
    turns = make_turns(max_waiting=0)
    with turns.turn("a"), turns.turn("b"):
        for visitor in ("a", "c"):
            with pytest.raises(BusyError), turns.turn(visitor):
                pass
    assert len(turns) == 0


def test_a_batch_takes_one_place_and_a_room_full_of_one_visitors_has_some_for_others(bench):
    turns = make_turns(max_waiting=8)
    bench.batch(turns, "town", 1000)
    wait_for(lambda: len(bench.begun) == 2)
    with ExitStack() as stack:
        for _ in range(7):
            stack.enter_context(turns.admitted("town", 1000))
        with pytest.raises(BusyError), turns.admitted("town"):
            pass
        for visitor in "abcdefg":
            stack.enter_context(turns.admitted(visitor))
            with pytest.raises(BusyError), turns.admitted(visitor):
                pass
        with pytest.raises(BusyError), turns.admitted("h"):  # eight visitors wait
            pass
    with turns.admitted("town"):  # who has gone leaves nothing behind
        pass


def test_busy_says_when_there_is_a_place_again(bench):
    turns = make_turns(max_waiting=2)

    def wait():
        with pytest.raises(BusyError) as caught, turns.admitted("a"):
            pass
        return caught.value.params["wait"].total_seconds()

    bench.photo(turns, "a")
    bench.photo(turns, "a")
    wait_for(lambda: len(bench.begun) == 2)
    with turns.admitted("a"), turns.admitted("a", 20):
        assert wait() == 3  # after the one, which is next
    with turns.admitted("a", 30), turns.admitted("b", 20):
        assert wait() == 20 * 2 * 2.5
    with turns.admitted("a", 1000), turns.admitted("b", 1000):
        assert wait() == 600


def test_one_photo_has_the_generators_and_the_clock_of_the_next_stands_still():
    turns, watches = make_turns(), []

    def second():
        with turns.turn("b") as watch:
            watches.append(watch)
            with turns.generating(watch):
                watches.append("its turn")

    def stands_still():
        return watches and watches[0].seconds == watches[0].seconds

    with turns.turn("a") as watch, turns.generating(watch):
        thread = threading.Thread(target=second)
        thread.start()
        wait_for(stands_still)
        assert watches[1:] == []
    thread.join(60)
    assert watches[1:] == ["its turn"]
    assert watches[0].seconds < watches[0].seconds


def test_a_closed_queue_lets_nobody_in_and_ends_what_is_in_hand():
    turns, done = make_turns(), threading.Event()
    entered = threading.Event()

    def photo():
        with turns.turn("a"):
            entered.set()
            done.wait(60)

    thread = threading.Thread(target=photo)
    thread.start()
    entered.wait(60)
    closing = threading.Thread(target=turns.close)
    closing.start()

    def refuses():
        try:
            with turns.turn("b"):
                return False
        except BusyError:
            return True

    wait_for(refuses)
    assert closing.is_alive()  # it waits for the photo in hand
    done.set()
    closing.join(60)
    thread.join(60)
    assert not closing.is_alive()
    assert len(turns) == 0


def test_a_photo_goes_before_the_next_key_of_a_film_and_a_key_before_the_next_photo():
    turns, order = make_turns(), []
    asked = [threading.Event() for _ in range(2)]

    class Watch(Stopwatch):
        """Tells when it is about to wait for the generators."""

        def __init__(self, event):
            super().__init__()
            self.event = event

        def paused(self):
            self.event.set()
            return super().paused()

    def photo(name, event):
        with turns.turn(name), turns.generating(Watch(event)):
            order.append(name)
            if name == "a":
                # The second photo and the next key both want them while the first has them.
                second.start()
                asked[1].wait()
                wait_for(lambda: turns.wanting == 1)
                key.start()

    def next_key():
        with turns.between():
            order.append("key")

    first = threading.Thread(target=photo, args=("a", asked[0]))
    second = threading.Thread(target=photo, args=("b", asked[1]))
    key = threading.Thread(target=next_key)
    with turns.between():
        first.start()
        asked[0].wait()
        wait_for(lambda: turns.wanting == 1)
    next_key()
    for thread in (first, second, key):
        thread.join()
    assert order[0] == "a", "the film had been asked to give way"
    assert sorted(order) == ["a", "b", "key", "key"]
