"""Small files that want much, sent to the app: each is answered in words, and that is all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import requests
from support.pictures import encoded, scene
from support.process import serving

from benchmarks.hostile import FILES
from benchmarks.server import most_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells of memory in /proc.")

MEGABYTES = 700  # of the app and its child processes, beyond what they had
GIGABYTE = 1 << 30  # of addresses, of which libraries reserve more than they use


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    import resource

    with serving(tmp_path_factory.mktemp("hostile") / "uploads") as server:
        server.wait_until(server.is_of_use)
        assert server.post(encoded(scene()), model="builtin").status_code == 201
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        size = int(status.split("VmSize:")[1].split()[0]) * 1024 + 2 * GIGABYTE
        resource.prlimit(server.process.pid, resource.RLIMIT_AS, (size, size))
        server.memory = most_memory(server.process.pid)
        yield server


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_answered_in_words_and_nobody_else_notices(server, name):
    answer = server.post(FILES[name](), model="builtin")
    assert answer.status_code in (201, 413, 415, 422)
    if answer.status_code != 201:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"].endswith(".")
    assert requests.get(f"{server.address}/healthz", timeout=10).ok
    assert server.process.poll() is None
    assert most_memory(server.process.pid) < server.memory + MEGABYTES
    assert not server.half_photos()


def test_after_them_all_a_photo_is_coloured(server):
    answer = server.post(encoded(scene()), model="builtin")
    assert answer.status_code == 201
    assert requests.get(server.address + answer.json()["links"]["result"], timeout=30).ok
