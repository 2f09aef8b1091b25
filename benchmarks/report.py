"""What was measured, as a Markdown page and a plot."""

from __future__ import annotations

import platform
import statistics
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import torch

from .sides import Answer


@dataclass
class Case:
    """One photo at one render factor, coloured by all sides in turns."""

    megapixels: float
    render_factor: int
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def seconds(self, side: str) -> list[float]:
        """Return the seconds of each counted run."""
        return [answer.seconds for answer in self.answers[side]]

    def ratio(self, side: str) -> float:
        """How many times as fast as the published code: the median of runs next to each other."""
        pairs = zip(self.seconds("published"), self.seconds(side), strict=True)
        return statistics.median(theirs / ours for theirs, ours in pairs)

    def peak(self, side: str) -> float:
        """Return the highest peak memory, in GiB."""
        return max(answer.peak for answer in self.answers[side])

    def agreement(self, side: str, other: str) -> float:
        """How far two sides' pictures agree, in dB."""
        one, two = (self.answers[name][-1].pixels.astype(np.float32) for name in (side, other))
        error = float(np.mean((one - two) ** 2))
        return 10 * np.log10(255**2 / max(error, 1e-9))


def machine() -> str:
    """Name the processor, its cores in use and PyTorch's version."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line.partition(":") for line in info.read_text().splitlines())
        name = next((value.strip() for key, _, value in lines if key.startswith("model n")), name)
    return f"{torch.get_num_threads()} cores of {name}, PyTorch {torch.__version__}"


def write_page(
    cases: list[Case],
    start: dict[str, float],
    uploads: dict[str, float],
    folder: dict[str, float],
    path: Path,
) -> None:
    """Write the tables."""
    lines = [
        "# Speed",
        "",
        f"Measured by `make bench` on {date.today()}: {machine()}.",
        "Artistic's architecture; all programs in turns, on the same checkpoint and photo, warm.",
        "",
        "![Seconds a photo](speed.png)",
        "",
        "| Mpx | render factor | program | median s | range | times as fast | peak GiB "
        "| picture agrees with published | with float32 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for case in cases:
        for side in case.answers:
            seconds = case.seconds(side)
            same_network = side != "built-in"
            agreement = [
                f"{case.agreement(side, other):.1f} dB" if same_network and side != other else ""
                for other in ("published", "float32")
            ]
            cells = [
                f"{case.megapixels:g}",
                f"{case.render_factor}",
                side,
                f"{statistics.median(seconds):.2f}",
                f"{min(seconds):.2f} to {max(seconds):.2f}",
                f"{case.ratio(side):.2f}",
                f"{case.peak(side):.2f}",
                *agreement,
            ]
            lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| start of the app | seconds |",
        "| --- | --- |",
        f"| to the first page | {start['page']:.2f} |",
        f"| to Artistic ready, the first time | {start['ready cold']:.2f} |",
        f"| to Artistic ready, later | {start['ready']:.2f} |",
        "",
        "| uploads of 12 Mpx, `auto`, render factor 35 | seconds a photo |",
        "| --- | --- |",
        f"| alone | {uploads['alone']:.2f} |",
        f"| four at once | {uploads['together']:.2f} |",
        "",
        "| 20 photos of 12 Mpx, `auto`, render factor 35 | seconds a photo | photos a minute |",
        "| --- | --- | --- |",
        *(f"| {name} | {each:.2f} | {60 / each:.1f} |" for name, each in folder.items()),
        "",
        f"The folder runs at {folder['generator'] / folder['folder']:.0%} of the rate of the "
        "generator by itself.",
        "",
    ]
    path.write_text("\n".join(lines))


def write_plot(cases: list[Case], path: Path) -> None:
    """Draw seconds and peak memory of each side at each render factor."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    smallest = min(case.megapixels for case in cases)
    cases = [case for case in cases if case.megapixels == smallest]
    figure, (time_axes, memory_axes) = plt.subplots(1, 2, figsize=(10, 4))
    places = np.arange(len(cases))
    for i, side in enumerate(cases[0].answers):
        offset = (i - (len(cases[0].answers) - 1) / 2) * 0.2
        medians = [statistics.median(case.seconds(side)) for case in cases]
        bars = time_axes.bar(places + offset, medians, 0.2, label=side)
        time_axes.bar_label(bars, [f"{median:.1f}" for median in medians], fontsize=7)
        memory_axes.bar(places + offset, [case.peak(side) for case in cases], 0.2)
    time_axes.set_ylabel("seconds a photo (median)")
    memory_axes.set_ylabel("peak memory, GiB")
    time_axes.legend()
    for axes in (time_axes, memory_axes):
        axes.set_xticks(places, [str(case.render_factor) for case in cases])
        axes.set_xlabel("render factor")
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{machine()}, {date.today()}", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
