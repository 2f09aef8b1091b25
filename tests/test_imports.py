"""The house has floors: what stands higher imports what stands lower, never the other way."""

from __future__ import annotations

import ast

import pytest

from colorizer.places import root

FLOORS = (
    {"errors", "files", "names", "places", "process", "version"},
    {"pictures"},
    {"library"},
    {"coloring", "generators"},
    {"video"},
    {"settings"},
    {"jobs"},
    {"web", "commands"},
)
# Who may import a package from elsewhere; nobody else under colorizer/ may.
ALONE = {
    "torch": "generators",
    "torchvision": "generators",
    "fastai": "generators",
    "deoldify": "generators",
    "flask": "web",
    "werkzeug": "web",
    "click": "commands",
    "av": "video",
}
PACKAGE = root() / "colorizer"
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__main__.py"]


def imported(path):
    """Return the modules that a file imports when it runs, in functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are spelled from the package on"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path):
    """Return the folder or file right under colorizer/ that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def floor_of(room):
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_lead_downwards(path):
    room = room_of(path)
    for module in imported(path):
        package, _, rest = module.partition(".")
        if package in ALONE:
            assert room == ALONE[package], f"{module} is imported outside of {ALONE[package]}/"
        if package != "colorizer" or room == "__init__":
            continue
        other = rest.split(".")[0]
        assert other == room or floor_of(other) < floor_of(room), f"{module} stands no lower"


def test_every_room_has_its_floor():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms == set.union(*FLOORS)
