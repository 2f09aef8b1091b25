"""The server: waitress, the signals that end it, and a polite end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from typing import Any

import waitress
from flask import Flask

from colorizer.jobs.runtime import Runtime
from colorizer.process import allow_descriptors

log = logging.getLogger("colorizer")

# Threads for pages and uploads on their way in, besides those whose photos wait their turn.
SPARE_THREADS = 8
# Connections at a time. Descriptors are kept for files, weights and what libraries open besides.
CONNECTIONS, OTHER_DESCRIPTORS = 1000, 100
# What a reverse proxy tells of whom it passes on; who isn't `trusted_proxy` tells it in vain.
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
# How long the last answers may take on their way out at the end.
SENDING_SECONDS = 10

# Waitress' connections, by the numbers of their sockets.
Channels = dict[int, Any]


def serve(app: Flask) -> None:
    """Serve `app` until Ctrl-C or SIGTERM; the photo in hand is finished first.

    It ends the process. Where its address can't be listened on, one line says why.
    """
    runtime: Runtime = app.extensions["colorizer"]
    channels: Channels = {}
    server = _listen(app, runtime, channels)
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
    server.task_dispatcher.shutdown(cancel_pending=False)
    _wait_until_sent(channels)
    logging.shutdown()
    # Python's own way out can hang on threads that are in native code (CPython gh-87135).
    os._exit(0)


def _listen(app: Flask, runtime: Runtime, channels: Channels) -> Any:
    """Make waitress' server, with a thread for each photo that may wait."""
    settings = runtime.settings
    try:
        return waitress.create_server(
            app,
            map=channels,
            host=settings.host,
            port=settings.port,
            trusted_proxy=settings.trusted_proxy,
            trusted_proxy_headers=PROXY_HEADERS,
            # A thread for each photo that waits for a generator, or for its pixels again.
            threads=2 * (settings.max_waiting + 1) + SPARE_THREADS,
            connection_limit=_most_connections(),
            # `select` can't watch a descriptor from 1024 on, and ends the server with it.
            asyncore_use_poll=True,
            # An answer is put aside as a whole, on the disk from 1 MB on, so that no thread waits
            # for a reader that has stalled.
            outbuf_high_watermark=sys.maxsize,
            # What is a little too large is read to its end, so that the browser gets our answer.
            max_request_body_size=2 * app.config["MAX_CONTENT_LENGTH"],
        )
    except OSError as error:
        sys.exit(f"{settings.host}:{settings.port} can't be listened on: {error.strerror}.")


def _most_connections() -> int:
    """Tell how many connections there may be, well within the descriptors of this process."""
    descriptors = allow_descriptors(CONNECTIONS + OTHER_DESCRIPTORS)
    return max(16, min(CONNECTIONS, descriptors - OTHER_DESCRIPTORS))


def _wait_until_sent(channels: Channels) -> None:
    """Wait while the server's thread is still sending the last answers."""
    give_up_at = time.monotonic() + SENDING_SECONDS
    while any(getattr(channel, "total_outbufs_len", 0) for channel in list(channels.values())):
        if time.monotonic() > give_up_at:
            break
        time.sleep(0.02)
