"""The server: waitress, the signals that end it, and a polite end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from typing import Any

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from colorizer.jobs.runtime import Runtime
from colorizer.process import allow_descriptors
from colorizer.web.channel import Channel, Patience
from colorizer.web.listener import Listener
from colorizer.web.reception import HEALTH, PAGES, PHOTOS, PROXY_HEADERS, ZIPS, Reception

log = logging.getLogger("colorizer")

# Threads for pages, for ZIPs, and for the signs of life that watching programs ask for.
PAGE_THREADS, ZIP_THREADS, HEALTH_THREADS = 8, 2, 1
# Threads for photos on their way in or out, besides those whose photos wait their turn.
SPARE_THREADS = 8
# Connections at a time, each with a file of what it brings or takes. Further descriptors are kept
# for weights, photos in hand and what libraries open besides.
CONNECTIONS, OTHER_DESCRIPTORS = 1000, 100
# What is read at a time of a connection, and how much there may be of a header.
READ_BYTES, HEADER_BYTES = 1 << 16, 1 << 16
# How long requests that are being answered may take at the end.
ANSWERING_SECONDS = 5
# How long the last answers may take on their way out at the end.
SENDING_SECONDS = 10
# How long a reader is waited for at the end that takes nothing.
STALLED_SECONDS = 2

# The sockets, by their numbers.
Sockets = dict[int, Any]


def serve(app: Flask, patience: Patience | None = None) -> None:
    """Serve `app` until Ctrl-C or SIGTERM; the photo in hand is finished first.

    It ends the process. Where its address can't be listened on, one line says why.

    Parameters
    ----------
    app
        The app.
    patience
        How long clients are waited for; the tests wait for less.
    """
    runtime: Runtime = app.extensions["colorizer"]
    sockets: Sockets = {}
    server = _listen(app, runtime, sockets, patience or Patience())
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))
    listener = threading.Thread(target=server.run, name="server", daemon=True)
    listener.start()
    log.info("Colorizer is at http://%s:%d", runtime.settings.host, runtime.settings.port)
    runtime.start()
    while not signals:
        time.sleep(0.2)  # no lock here, which a signal might come in the middle of
        if not listener.is_alive():
            # Who watches over the process starts it anew; a process that never answers stays.
            log.critical("The server's thread has ended, and the process with it")
            logging.shutdown()
            os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C doesn't wait
    log.info("Stopping: the photo in hand is finished first")
    runtime.close()
    _wait_until_answered(server)
    _wait_until_sent(sockets)
    logging.shutdown()
    # Python's own way out can hang on threads that are in native code (CPython gh-87135).
    os._exit(0)


def _listen(app: Flask, runtime: Runtime, sockets: Sockets, patience: Patience) -> Listener:
    """Listen on every address that the host's name stands for; all have the same threads."""
    settings = runtime.settings
    adjustments = Adjustments(
        host=settings.host,
        port=settings.port,
        trusted_proxy=settings.trusted_proxy,
        trusted_proxy_headers=PROXY_HEADERS,
        connection_limit=_most_connections(),
        # `select` can't watch a descriptor from 1024 on, and ends the server with it.
        asyncore_use_poll=True,
        recv_bytes=READ_BYTES,
        max_request_header_size=HEADER_BYTES,
        # How much of a body is kept is planned for each request.
        max_request_body_size=sys.maxsize,
        # An answer is put aside as a whole, so that no thread waits for a reader.
        outbuf_high_watermark=sys.maxsize,
    )
    # A thread for each guest of a queue.
    photo_threads = runtime.queue.most_guests + runtime.renders.most_guests + SPARE_THREADS
    threads = {
        PHOTOS: photo_threads,
        PAGES: PAGE_THREADS,
        ZIPS: ZIP_THREADS,
        HEALTH: HEALTH_THREADS,
    }
    lanes = {}
    for lane, count in threads.items():
        lanes[lane] = ThreadedTaskDispatcher()
        lanes[lane].set_thread_count(count)
    try:
        listeners = [
            Listener(
                app,
                lanes=lanes,
                plan=Reception(app).plan,
                patience=patience,
                folder=runtime.store.passing,
                map=sockets,
                adj=adjustments,
                sockinfo=address,
            )
            for address in adjustments.listen
        ]
    except OSError as error:
        sys.exit(f"{settings.host}:{settings.port} can't be listened on: {error.strerror}.")
    return listeners[0]  # whose loop serves them all


def _most_connections() -> int:
    """Tell how many connections there may be, well within the descriptors of this process."""
    descriptors = allow_descriptors(2 * CONNECTIONS + OTHER_DESCRIPTORS)
    return max(16, min(CONNECTIONS, (descriptors - OTHER_DESCRIPTORS) // 2))


def _wait_until_answered(server: Listener) -> None:
    """Wait while requests that have a thread are being answered."""
    give_up_at = time.monotonic() + ANSWERING_SECONDS
    for threads in server.lanes.values():
        threads.set_thread_count(0)  # all of them, before any is waited for
    for threads in server.lanes.values():
        threads.shutdown(cancel_pending=False, timeout=max(0, give_up_at - time.monotonic()))


def _wait_until_sent(sockets: Sockets) -> None:
    """Wait while the server's thread is still sending the last answers, but for stalled readers."""
    give_up_at = time.monotonic() + SENDING_SECONDS
    while time.monotonic() < give_up_at:
        channels = [channel for channel in list(sockets.values()) if isinstance(channel, Channel)]
        if not any(channel.is_sending(STALLED_SECONDS) for channel in channels):
            break
        time.sleep(0.02)
