"""The key that signs cookies."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app import _kept_secret


def test_the_first_start_makes_a_private_key_and_all_others_read_it(tmp_path):
    path, barrier = tmp_path / "instance" / "secret-key", Barrier(8)

    def start(_):
        barrier.wait(60)
        return _kept_secret(path)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(start, range(8)))
    assert keys == {path.read_text()}
    assert len(keys.pop()) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _kept_secret(path) == path.read_text()
