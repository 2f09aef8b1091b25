"""The app as a process of its own: many at once, and its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from PIL import Image
from support.pictures import decoded, encoded, scene
from support.process import serving

from colorizer.library.store import Store
from colorizer.places import root


def test_sixteen_at_once_are_answered_or_sent_away_and_none_is_mixed_up(
    tmp_path, artistic_checkpoint
):
    photos = [encoded(scene(80 + 4 * i, 60, seed=i)) for i in range(16)]
    with serving(tmp_path, artistic_checkpoint, model="artistic") as server:
        server.wait_until(server.is_ready)
        with ThreadPoolExecutor(16) as pool:
            # The first one is large in work, so that the others meet it in the generator.
            first = pool.submit(server.post, photos[0], render_factor=20, model="artistic")
            server.wait_until(server.is_colouring)
            rest = [pool.submit(server.post, photo, model="artistic") for photo in photos[1:]]
            answers = [first.result(), *(future.result() for future in rest)]
        done = [i for i, answer in enumerate(answers) if answer.status_code == 201]
        away = [answer for answer in answers if answer.status_code == 503]
        assert len(done) + len(away) == 16
        assert len(done) >= 10  # two in hand, eight waiting
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in away)
        for i in done:
            links = answers[i].json()["links"]
            assert requests.get(server.address + links["original"], timeout=30).content == photos[i]
            result = decoded(requests.get(server.address + links["result"], timeout=30).content)
            before = decoded(photos[i])
            assert result.shape == before.shape
            luma = (result.astype(int) - before) @ [0.299, 0.587, 0.114]
            assert np.abs(luma).mean() < 2
        assert len(server.photos()) == len(done)


def test_one_more_than_may_wait_is_sent_away(tmp_path, artistic_checkpoint):
    with serving(tmp_path, artistic_checkpoint, max_waiting=0) as server:
        server.wait_until(server.is_ready)
        photo = encoded(scene())
        with ThreadPoolExecutor(2) as pool:
            wishes = {"render_factor": 30, "model": "artistic"}
            in_hand = [pool.submit(server.post, photo, **wishes) for _ in range(2)]
            server.wait_until(lambda: "colorizer_photos_in_progress 2" in server.metrics())
            answer = server.post(photo, model="artistic")
            # Pages are served meanwhile.
            assert requests.get(server.address, timeout=30).ok
            assert answer.status_code == 503
            assert "Retry-After" in answer.headers
            assert [first.result().status_code for first in in_hand] == [201, 201]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_end_finishes_the_photo_in_hand(tmp_path, artistic_checkpoint, number):
    with serving(tmp_path, artistic_checkpoint) as server, ThreadPoolExecutor(1) as pool:
        server.wait_until(server.is_ready)
        answer = pool.submit(server.post, encoded(scene()), render_factor=30, model="artistic")
        server.wait_until(server.is_colouring)
        server.process.send_signal(number)
        assert answer.result().status_code == 201
        assert server.process.wait(timeout=60) == 0
        assert len(server.photos()) == 1


def test_a_kill_in_the_middle_leaves_no_half_photo(tmp_path, artistic_checkpoint):
    with serving(tmp_path, artistic_checkpoint) as server, ThreadPoolExecutor(1) as pool:
        server.wait_until(server.is_ready)
        answer = pool.submit(server.post, encoded(scene()), render_factor=30, model="artistic")
        server.wait_until(server.is_colouring)
        server.process.kill()
        with pytest.raises(requests.ConnectionError):
            answer.result()
        server.process.wait()
        assert server.photos() == []
        assert server.half_photos()
        Store(tmp_path)  # the next start
        assert not server.half_photos()


def test_a_port_in_use_is_said_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {
            "COLORIZER_PORT": str(taken.getsockname()[1]),
            "COLORIZER_UPLOADS": str(tmp_path),
        }
        process = subprocess.run(
            [sys.executable, "app.py"],
            cwd=root(),
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert process.returncode == 1
    assert process.stderr.count("\n") == 1
    assert "can't be listened on" in process.stderr


def test_weights_put_there_by_hand_are_noticed_even_after_wrong_ones(tmp_path, artistic_checkpoint):
    models = tmp_path / "models"
    models.mkdir()
    weights = models / artistic_checkpoint.path.name
    weights.write_bytes(b"<html>Sign in</html>")
    settings = {"models": models, "download": 0}
    with serving(tmp_path / "uploads", artistic_checkpoint, **settings) as server:
        server.wait_until(lambda: server.state() == "failed")
        assert "web page" in requests.get(server.address, timeout=30).text
        weights.unlink()
        weights.symlink_to(artistic_checkpoint.path)
        server.wait_until(lambda: server.state() == "ready")


def test_stalled_readers_hold_no_thread(tmp_path, artistic_checkpoint):
    with serving(tmp_path, artistic_checkpoint, max_waiting=0) as server:
        server.wait_until(server.is_of_use)
        answer = server.post(encoded(Image.new("RGB", (3000, 3000)), "BMP"), model="builtin")
        original = urlsplit(server.address + answer.json()["links"]["original"])
        with ExitStack() as stack:
            for _ in range(16):  # more than there are threads
                reader = stack.enter_context(socket.create_connection(original.netloc.split(":")))
                ask = f"GET {original.path} HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\n\r\n"
                reader.sendall(ask.encode())
                assert reader.recv(12) == b"HTTP/1.1 206"
            assert requests.get(f"{server.address}/healthz", timeout=30).ok


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit, of Linux")
def test_many_files_take_few_descriptors(tmp_path, artistic_checkpoint):
    with serving(tmp_path, artistic_checkpoint) as server:
        import resource

        server.wait_until(server.is_of_use)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (128, 128))
        files = [("file", (f"{number}.jpg", bytes(512_001))) for number in range(150)]
        answer = requests.post(f"{server.address}/api/v1/photos", files=files, timeout=120)
        assert answer.status_code == 400  # One at a time, says the API when it has them all.
        assert "One photo" in answer.json()["detail"]


def test_a_trusted_proxy_is_believed_and_nobody_else(tmp_path, artistic_checkpoint):
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Host": "photos.example",
    }
    ours = {"Origin": "https://photos.example"}
    for proxy, believed in (("127.0.0.1", True), ("192.0.2.2", False)):
        token = "geheim-geheim-geheim"
        with serving(tmp_path, artistic_checkpoint, trusted_proxy=proxy, token=token) as server:
            server.wait_until(server.is_of_use)
            answer = requests.get(f"{server.address}/login", headers=forwarded, timeout=30)
            assert ("Secure" in answer.headers["Set-Cookie"]) == believed
            wrong, api = {"Authorization": "Bearer wrong"}, f"{server.address}/api/v1/photos"
            for number in range(2, 12):
                sender = {"X-Forwarded-For": f"192.0.2.{number}"}
                requests.get(api, headers=wrong | forwarded | sender, timeout=30)
            last = requests.get(api, headers=wrong | forwarded, timeout=30)
            assert last.status_code == (401 if believed else 429)
            posted = requests.post(f"{server.address}/theme", headers=forwarded | ours, timeout=30)
            assert posted.status_code == (400 if believed else 403)  # for want of the form's token
