"""The key that signs cookies."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app import _kept_secret


def test_the_first_start_makes_a_private_key_and_all_others_read_it(tmp_path):
    path, barrier = tmp_path / "instance" / "secret-key", Barrier(8)

    def start(_):
        barrier.wait(60)
        return _kept_secret(path)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(start, range(8)))
    assert keys == {path.read_bytes()}
    assert len(keys.pop()) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _kept_secret(path) == path.read_bytes()


@pytest.mark.parametrize("left", [b"", b"\n", b"a", bytes(64), b"k" * 31 + b" " * 33])
def test_what_a_power_cut_left_is_no_key(tmp_path, caplog, left):
    path = tmp_path / "secret-key"
    path.write_bytes(left)
    key = _kept_secret(path)
    assert re.fullmatch(b"[0-9a-f]{64}", key)
    assert path.read_bytes() == key
    assert str(path) in caplog.text
    assert key.decode() not in caplog.text


def test_a_key_of_ones_own_is_kept_as_it_is_and_hidden_from_others(tmp_path):
    path = tmp_path / "a" / "secret-key"
    path.parent.mkdir()
    path.write_bytes(b"\xff" * 32)
    for public in (path.parent, path):
        public.chmod(0o755)
    assert _kept_secret(path) == b"\xff" * 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_key_that_can_not_be_read_stops_the_start(tmp_path):
    (tmp_path / "secret-key").mkdir()
    with pytest.raises(OSError) as caught:  # noqa: PT011 - it depends on the system
        _kept_secret(tmp_path / "secret-key")
    assert caught.value.filename
