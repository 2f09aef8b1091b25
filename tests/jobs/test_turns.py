"""Who is next, how many wait, and what a stopwatch leaves out."""

from __future__ import annotations

import threading

import pytest

from colorizer.errors import BusyError
from colorizer.jobs.turns import Turns


def wait_for(condition):
    """Ask again and again; other threads run in between."""
    pause = threading.Event()
    for _ in range(6000):
        if condition():
            return
        pause.wait(0.001)
    raise AssertionError("waited in vain")


def test_two_are_in_hand_and_a_third_waits_until_one_is_done():
    for _ in range(20):
        turns, order = Turns(max_waiting=8), []

        def third(turns=turns, order=order):
            with turns.turn():
                order.append("third")

        with turns.turn():
            with turns.turn():
                thread = threading.Thread(target=third)
                thread.start()
                wait_for(lambda turns=turns: len(turns) == 3)
                order.append("one is done")
            thread.join()  # the other is still in hand
        assert order == ["one is done", "third"]
        assert len(turns) == 0


def test_no_more_wait_than_may_but_who_is_admitted():
    turns = Turns(max_waiting=0, at_once=2)
    with turns.turn():
        with pytest.raises(BusyError), turns.turn():
            pass
        with turns.turn(admitted=True):
            assert len(turns) == 2


def test_one_photo_has_the_generators_and_the_clock_of_the_next_stands_still():
    turns, watches = Turns(max_waiting=8), []

    def second():
        with turns.turn() as watch:
            watches.append(watch)
            with turns.generating(watch):
                watches.append("its turn")

    def stands_still():
        return watches and watches[0].seconds == watches[0].seconds

    with turns.turn() as watch, turns.generating(watch):
        thread = threading.Thread(target=second)
        thread.start()
        wait_for(stands_still)
        assert watches[1:] == []
    thread.join(60)
    assert watches[1:] == ["its turn"]
    assert watches[0].seconds < watches[0].seconds


def test_a_closed_queue_lets_nobody_in_and_ends_what_is_in_hand():
    turns, done = Turns(max_waiting=8), threading.Event()
    entered = threading.Event()

    def photo():
        with turns.turn():
            entered.set()
            done.wait(60)

    thread = threading.Thread(target=photo)
    thread.start()
    entered.wait(60)
    closing = threading.Thread(target=turns.close)
    closing.start()

    def refuses():
        try:
            with turns.turn(admitted=True):
                return False
        except BusyError:
            return True

    wait_for(refuses)
    assert closing.is_alive()  # it waits for the photo in hand
    done.set()
    closing.join(60)
    thread.join(60)
    assert not closing.is_alive()
