"""Random checkpoints of the real architectures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.published import make_checkpoint
from colorizer.generators.generator import Generator
from colorizer.generators.loading import load_generator
from colorizer.generators.table import WEIGHTS


@dataclass(frozen=True)
class Checkpoint:
    """A random checkpoint in the official format, and what makes it acceptable."""

    path: Path
    name: str

    @property
    def models(self) -> Path:
        return self.path.parent

    @property
    def sum(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def load(self, **options: Any) -> Generator:
        return load_generator(self.name, models=self.models, trusted={self.sum}, **options)


def random_checkpoint(folder: Path, name: str) -> Checkpoint:
    row = WEIGHTS[name]
    assert row.architecture != "builtin"
    make_checkpoint(folder / row.file, row.architecture)
    return Checkpoint(folder / row.file, name)
