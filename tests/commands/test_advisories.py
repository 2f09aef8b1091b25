from __future__ import annotations

from pyexpat import version_info

from colorizer.commands.advisories import ADVISORIES, find_advisories, installed_versions


def test_a_version_is_bad_from_where_the_fault_begins_to_where_it_is_mended():
    (text,) = find_advisories({"expat": "2.6.4", "Pillow": "12.3.0", "waitress": "3.0.10"})
    assert text.startswith("expat 2.6.4 is known to be bad (CVE-2024-8176)")
    assert "2.7.0" in text
    for version, bad in (("4.9.0.80", 0), ("4.11.0.86", 1), ("4.12.0.88", 0), ("4.14", 0)):
        assert len([*find_advisories({"opencv-python": version})]) == bad
    assert [*find_advisories({"torch": "2.13.0+cpu", "libheif": "1.23.10"})] == []
    assert len([*find_advisories(dict.fromkeys((a.part for a in ADVISORIES), "0"))]) == 7


def test_all_parts_are_found_here():
    versions = installed_versions()
    assert set(versions) == {advisory.part for advisory in ADVISORIES}
    assert versions["expat"] == ".".join(map(str, version_info))
