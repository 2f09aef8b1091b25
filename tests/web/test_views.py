"""What templates see of the generators."""

from __future__ import annotations

import pytest

from colorizer.web.views import ModelsView, ModelView


def generators(in_use, **states):
    every = [ModelView(name, name, state, None, None, None) for name, state in states.items()]
    by_name = {model.name: model for model in every}
    return ModelsView(every, by_name["artistic"], by_name.get(in_use))


@pytest.mark.parametrize(
    ("in_use", "states", "shown"),
    [
        ("artistic", {"artistic": "ready", "stable": "ready", "builtin": "ready"}, ["artistic"]),
        ("artistic", {"artistic": "ready", "stable": "absent", "video": "failed"}, ["artistic"]),
        # What is on its way is told of, but for the built-in one, which takes a second.
        (
            "artistic",
            {"artistic": "ready", "stable": "loading", "video": "downloading"},
            ["artistic", "stable", "video"],
        ),
        ("artistic", {"artistic": "ready", "builtin": "loading"}, ["artistic"]),
        ("builtin", {"artistic": "absent", "builtin": "ready"}, ["artistic"]),
        # Nothing can be coloured: the page says why, whatever it is.
        (
            None,
            {"artistic": "absent", "stable": "failed", "video": "absent", "builtin": "loading"},
            ["artistic", "stable", "builtin"],
        ),
    ],
)
def test_every_page_names_the_generators_that_matter_now(in_use, states, shown):
    assert [model.name for model in generators(in_use, **states).shown] == shown


def test_what_is_ready_can_be_chosen_and_what_is_coming_is_waited_for():
    states = {"artistic": "downloading", "stable": "loading", "video": "failed", "builtin": "ready"}
    view = generators("builtin", **states)
    assert [model.name for model in view.ready] == ["builtin"]
    assert [model.name for model in view.coming] == ["artistic", "stable"]
