from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from colorizer.errors import SettingsError
from colorizer.places import root
from colorizer.settings import Settings


def test_defaults_are_those_of_the_contract():
    settings = Settings.from_environment({})
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 5000, "artistic")
    assert settings.uploads == root() / "uploads"
    assert (settings.render_factor, settings.max_waiting, settings.keep_hours) == (35, 8, 24)


def test_values_are_read():
    settings = Settings.from_environment(
        {
            "COLORIZER_UPLOADS": "/elsewhere",
            "COLORIZER_DEVICE": "cuda:1",
            "COLORIZER_DOWNLOAD": "0",
            "COLORIZER_RATE_LIMIT": "500/7 days",
            "COLORIZER_TRUST_SHA256": f"{'A' * 64}, {'b' * 64}",
            "PATH": "not ours",
        }
    )
    assert settings.uploads == Path("/elsewhere")
    assert (settings.device, settings.download) == ("cuda:1", False)
    assert settings.rate_limit == "500/7 days"
    assert settings.trust_sha256 == {"a" * 64, "b" * 64}


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("COLORIZER_PORT", "http", "1 to 65535"),
        ("COLORIZER_PORT", "70000", "1 to 65535"),
        ("COLORIZER_RENDER_FACTOR", "46", "7 to 45"),
        ("COLORIZER_MODEL", "best", "artistic"),
        ("COLORIZER_DEVICE", "gpu", "cuda:N"),
        ("COLORIZER_DOWNLOAD", "yes", "0 or 1"),
        ("COLORIZER_WEIGHTS_URL", "ftp://x", "http"),
        ("COLORIZER_TRUST_SHA256", "abc", "SHA-256"),
        *(
            ("COLORIZER_RATE_LIMIT", value, "60/hour")
            for value in ("60", "60/h", "0/hour", "-1/hour", "1/second;60/hour", "9/400 days")
        ),
        ("COLORIZER_KEEP_HOURS", "nan", "hours"),
        ("COLORIZER_KEEP_HOURS", "99999999", "hours"),
        ("COLORIZER_UPLOADS", "~nobody-of-this-name/x", "a folder"),
        ("COLORIZER_SECRET_KEY", "short", "16"),
        ("COLORIZER_TOKEN", "fifteen-letters", "16"),
        ("COLORIZER_TOKEN", "sixteen letters with spaces", "without spaces"),
        ("COLORIZER_TRUSTED_PROXY", "proxy.example", "an address"),
    ],
)
def test_a_bad_value_is_named_with_what_it_takes(name, value, takes):
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: value})
    assert name in str(caught.value)
    assert value not in str(caught.value) or value in takes
    assert takes in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"COLORIZER_PROT": "80"}, "COLORIZER_PROT"),
        ({"COLORIZER_DEVICE": "cuda:99"}, "cuda:99 is not in this machine"),
        ({"COLORIZER_UPLOADS": "/dev/null/uploads"}, "/dev/null"),
    ],
)
def test_what_is_wrong_stops_the_start_with_one_line(setting, says):
    process = subprocess.run(
        [sys.executable, "app.py"],
        cwd=root(),
        env=setting,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 1
    assert len(process.stderr.splitlines()) == 1
    assert says in process.stderr


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_every_setting_is_documented(readme):
    text = (root() / readme).read_text(encoding="utf-8")
    missing = [
        f.name for f in dataclasses.fields(Settings) if f"COLORIZER_{f.name.upper()}" not in text
    ]
    assert not missing
