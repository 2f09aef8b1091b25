"""A film divided into segments, and the keys that each of them needs."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from colorizer.video.carry import MARGIN
from colorizer.video.frame import Format
from colorizer.video.plan import Segment, make_plan, read_plan, write_plan
from colorizer.video.shots import Shot

FORM = Format(64, 48, 8, False, "bt601", 90, Fraction(16, 15))


def plan_of(*shots, seconds, in_color=(), every=8):
    frames = shots[-1].last + 1
    colored = [number in in_color for number in range(len(shots))]
    return make_plan(frames, seconds, FORM, list(shots), colored, every, ["a note"])


def test_segments_are_all_frames_once():
    plan = plan_of(Shot(0, 299), Shot(300, 310), Shot(311, 1234), seconds=1235 / 25)
    numbers = [n for part in plan.segments for n in range(part.first, part.last + 1)]
    assert numbers == list(range(1235))
    assert all(part.last - part.first + 1 <= 250 * 1.5 for part in plan.segments)


def test_a_segment_ends_with_a_shot_that_ends_near():
    plan = plan_of(Shot(0, 229), Shot(230, 999), seconds=40)  # 250 frames a segment
    assert plan.segments[0] == Segment(0, 229)


def test_a_quick_film_has_segments_of_no_more_frames():
    plan = plan_of(Shot(0, 2399), seconds=20)
    assert len(plan.segments) == 8


def test_a_short_film_is_one_segment():
    assert plan_of(Shot(0, 11), seconds=0.5).segments == [Segment(0, 11)]
    assert plan_of(Shot(0, 0), seconds=0).segments == [Segment(0, 0)]


def test_keys_reach_beyond_the_margins_and_not_beyond_the_shot():
    plan = plan_of(Shot(0, 199), Shot(200, 1199), seconds=48, every=8)
    part = next(part for part in plan.segments if part.first > 300)
    (stretch,) = plan.stretches(part)
    assert stretch.keys[0] <= part.first - MARGIN < stretch.keys[1]
    assert stretch.keys[-2] < part.last + MARGIN <= stretch.keys[-1]
    first = plan.stretches(plan.segments[0])[0]
    assert (first.first, first.keys[0]) == (0, 0)
    assert set(first.keys) <= set(range(200)), "no colour comes from another shot"


def test_what_is_in_color_has_no_keys():
    plan = plan_of(Shot(0, 99), Shot(100, 199), seconds=8, in_color={1})
    gray, colored = plan.stretches(plan.segments[0])
    assert gray.keys
    assert not colored.keys
    assert max(plan.keys(plan.segments)) == 99


def test_a_plan_is_read_again_for_the_same_method_only(tmp_path):
    plan, path = plan_of(Shot(0, 99), seconds=4), tmp_path / "plan.json"
    write_plan(plan, {"render_factor": 10}, path)
    assert read_plan({"render_factor": 10}, path) == plan
    assert read_plan({"render_factor": 11}, path) is None


@pytest.mark.parametrize(
    "change", [{"version": 99}, {"shots": [{"first": 0}]}, {"form": {}}, {"more": 1}]
)
def test_a_damaged_plan_is_none(tmp_path, change):
    path = tmp_path / "plan.json"
    write_plan(plan_of(Shot(0, 9), seconds=1), {}, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert read_plan({}, path) is None
    path.write_text("{")
    assert read_plan({}, path) is None
