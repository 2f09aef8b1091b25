"""The way of a film: looked through, its keys coloured, its segments made, joined."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorizer.coloring.colorize import Generator
from colorizer.coloring.options import CODECS, Options
from colorizer.errors import N_, BrokenPictureError, MemoryShortError, OptionError
from colorizer.files import put_in_place, read_plain, written_whole
from colorizer.pictures.pixels import side_of
from colorizer.video.arrays import load_array, save_array
from colorizer.video.child import CrashError, StoppedError, run_step
from colorizer.video.method import Method, method_of
from colorizer.video.plan import Plan, Segment, form_of, make_plan, read_plan, write_plan
from colorizer.video.progress import Meter, Progress
from colorizer.video.shots import Shot
from colorizer.video.squares import key_chroma

log = logging.getLogger(__name__)

CRASHED = N_(
    "The film made the program that reads it fail, each time at the same place, so it can’t be "
    "coloured. Save it anew in another program and try again."
)
ATTEMPTS = 3  # at a step that ends its process, before the film is given up


def color_film(
    source: Path,
    target: Path,
    work: Path,
    generator: Generator,
    method: Method,
    *,
    latest: Path | None = None,
    tell: Callable[[Progress], None] = lambda progress: None,
    stop: threading.Event | None = None,
    generating: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Plan:
    """Colour a film into another; what has been done of it before isn't done again.

    Parameters
    ----------
    source
        The film.
    target
        Where the result goes. It appears there as a whole or not at all.
    work
        A folder for what is done in between. It stays if anything is raised, and the next call
        goes on with what is in it, if that is of the same film and method.
    generator, method
        What colours it, and how.
    latest
        Where a small picture goes (JPEG) of the last frame that has been coloured.
    tell
        Called with how far it is, some times a second at most.
    stop
        Ends the call by `StoppedError` once it is set; a call of the generator is waited for.
    generating
        Held while the generator is at work, so that others can have it in between.

    Returns
    -------
    Plan
        What is known of the film.

    Raises
    ------
    StoppedError
        If it was stopped.
    ColorizerError
        If the film can't be read, or ended its process three times at the same place.
    OSError
        If the disk refuses something.
    """
    work.mkdir(parents=True, exist_ok=True)
    way = _Way(source, work, generator, method, latest, tell, stop, generating)
    plan = way.look_through()
    for segment in plan.segments if method.strength else ():
        if not way.part(segment).exists():
            way.color_keys(segment)
            way.render(segment)
    notes = plan.notes + way.join(target)
    shutil.rmtree(work, ignore_errors=True)
    return replace(plan, notes=notes)


class _Way:
    """The steps of one film, and what they share; for the parameters see `color_film`."""

    plan: Plan
    _meter: Meter

    def __init__(
        self,
        source: Path,
        work: Path,
        generator: Generator,
        method: Method,
        latest: Path | None,
        tell: Callable[[Progress], None],
        stop: threading.Event | None,
        generating: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._source, self._work = source, work
        self._generator, self._method = generator, method
        self._latest = latest
        self._tell, self._stop, self._generating = tell, stop or threading.Event(), generating

    def look_through(self) -> Plan:
        """Read the film once, to know its frames, its shots and how it stores them."""
        status = self._source.stat()
        method = asdict(self._method) | {"film": [status.st_size, status.st_mtime_ns]}
        path = self._work / "plan.json"
        plan = read_plan(method, path)
        if plan is None:
            shutil.rmtree(self._work)
            self._work.mkdir()
            plan = self._survey()
            write_plan(plan, method, path)
        for folder in ("keys", "squares"):
            (self._work / folder).mkdir(exist_ok=True)
        self.plan = plan
        done = [segment for segment in plan.segments if self.part(segment).exists()]
        self._meter = Meter(
            plan.frames,
            len(plan.keys(plan.segments)),
            sum(segment.last + 1 - segment.first for segment in done),
            len(plan.keys(done)),
            self._tell,
        )
        return plan

    def part(self, segment: Segment) -> Path:
        """Where the part of the result stands that a segment becomes."""
        return self._work / f"part-{segment.first:08}.mp4"

    def color_keys(self, segment: Segment) -> None:
        """Have the generator colour the keys of a segment that it has not seen yet."""
        missing = sorted(key for key in self.plan.keys([segment]) if not self._key(key).exists())
        if not missing:
            return
        squares, side = self._work / "squares", side_of(self._method.render_factor)
        self._run("squares", f"{segment.first}", numbers=missing, side=side, folder=str(squares))
        self._meter.begin_keys()
        for number in missing:
            if self._stop.is_set():
                raise StoppedError
            square = squares / f"{number}.npy"
            with self._generating():
                chroma = self._predict(load_array(square, (side, side), np.uint8))
            save_array(self._key(number), key_chroma(chroma, self.plan.form))
            square.unlink()
            self._meter.key_done()

    def render(self, segment: Segment) -> None:
        """Make a segment's part of the result, once its keys are there."""
        self._meter.begin_frames(segment.first, segment.last)
        self._run(
            "render",
            f"{segment.first}",
            self._meter.frames_at,
            stretches=[asdict(stretch) for stretch in self.plan.stretches(segment)],
            keys=str(self._work / "keys"),
            strength=self._method.strength,
            codec=self._method.codec,
            target=str(self.part(segment)),
            latest=str(self._latest) if self._latest else None,
        )
        self._meter.frames_at(segment.last + 1)
        self._forget_keys(segment)

    def join(self, target: Path) -> list[str]:
        """Put the parts together, with all that the film has besides its picture.

        Returns what there is to say of that.
        """
        self._meter.say("joining")
        parts = [str(self.part(segment)) for segment in self.plan.segments]
        whole = self._work / f"result{target.suffix}"
        told = self._run(
            "join",
            parts=parts if self._method.strength else None,
            keep_gps=self._method.keep_gps,
            generator=self._method.title,
            target=str(whole),
        )
        put_in_place(whole, target)
        return list(told["notes"])

    def _survey(self) -> Plan:
        told = self._run("survey", "", lambda number: self._tell(Progress("reading", number)))
        return make_plan(
            told["frames"],
            told["seconds"],
            form_of(told["form"]),
            [Shot(**shot) for shot in told["shots"]],
            told["in_color"],
            self._method.every,
            told["notes"],
        )

    def _predict(self, luma: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            return self._generator.predict_chroma(luma)
        except MemoryError as error:
            raise MemoryShortError(
                N_(
                    "There is not enough memory for this film at this detail of the colours. Try "
                    "a smaller one."
                )
            ) from error

    def _key(self, number: int) -> Path:
        return self._work / "keys" / f"{number}.npy"

    def _forget_keys(self, segment: Segment) -> None:
        """Delete the keys of a segment that is made, but for those that the next one needs."""
        following = [other for other in self.plan.segments if other.first == segment.last + 1]
        needed = self.plan.keys(following)
        for key in self.plan.keys([segment]) - needed:
            self._key(key).unlink(missing_ok=True)

    def _run(
        self,
        step: str,
        at: str = "",
        progress: Callable[[int], None] | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Have a process do a step with the film; a crash is tried again, at most two times.

        The tries are counted on the disk, since a film may take more with it than its process.
        """
        place, path = f"{step} {at}".strip(), self._work / "tries.json"
        while True:
            count = _read_tries(path, place)
            if count >= ATTEMPTS:
                path.unlink()  # Who asks for it all the same has as many tries again.
                raise BrokenPictureError(CRASHED)
            with written_whole(path) as part:
                part.write_text(json.dumps([place, count + 1]), encoding="utf-8")
            try:
                answer = run_step(
                    step,
                    self._stop,
                    progress,
                    source=str(self._source),
                    work=str(self._work),
                    **arguments,
                )
            except CrashError as error:
                log.warning("A process for %s failed (%s): %s", self._source, place, error)
                continue
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            path.unlink()
            return answer


def _read_tries(path: Path, place: str) -> int:
    """Tell how often a step has been tried at a place and not been finished."""
    try:
        last, count = json.loads(read_plain(path, 1000))
        return int(count) if last == place else 0
    except (OSError, ValueError, TypeError):
        return 0


def colorize_video(
    source: str | Path,
    target: str | Path,
    generator: Any,
    render_factor: int = 35,
    strength: int = 100,
    *,
    every: int | None = None,
    codec: str = CODECS[0],
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Plan:
    """Colour one film into another.

    A call that is interrupted, however it was, leaves what it has done in a hidden folder beside
    `target`. The same call again goes on from there.

    Parameters
    ----------
    source, target
        The film, of any common kind; the coloured one, whose name ends with ``.mp4``, or with
        ``.mkv`` where `codec` is ``ffv1``.
    generator, render_factor, strength
        As for `colorize.colorize_file`.
    every
        The generator sees every so manieth frame of a shot, and the colours of the others are
        carried there along the optical flow. None: 8, or 4 with the built-in generator.
    codec
        ``h264``, ``av1``, or ``ffv1``, which keeps every bit of the luma.
    progress
        Called with how far it is, some times a second at most.

    Returns
    -------
    Plan
        What is known of the film.

    Raises
    ------
    ColorizerError, OSError
        As `color_film`; OptionError if an option or the name of `target` can't be.
    """
    source, target = Path(source), Path(target)
    Options(render_factor=render_factor, strength=strength, codec=codec)
    method = method_of(generator, render_factor, strength, every=every, codec=codec)
    check_target(source, target, method)
    return color_film(source, target, work_folder(target), generator, method, tell=progress)


def work_folder(target: Path) -> Path:
    """Return the hidden folder for what is done of a film until its result is there."""
    return target.with_name(f".{target.name}.parts")


def check_film(
    source: Path, codec: str, strength: int, *, name: str = "", max_minutes: float = 0
) -> tuple[str, str]:
    """Look at a film's header and first frame.

    Parameters
    ----------
    source
        The film.
    codec, strength
        How it is to be coloured.
    name
        What its sender calls it.
    max_minutes
        The longest that it may be; 0: any length.

    Returns
    -------
    tuple of two str
        How the names of the film and of its result end: ``.mov`` and ``.mp4``.

    Raises
    ------
    ColorizerError
        If it is no film, can't be read or is over a limit.
    """
    try:
        told = run_step(
            "check",
            threading.Event(),
            source=str(source),
            name=name or source.name,
            max_minutes=max_minutes,
            codec=codec,
            strength=strength,
        )
    except CrashError as error:
        log.warning("A process for %s failed (check): %s", source, error)
        raise BrokenPictureError(CRASHED) from error
    return str(told["original"]), str(told["result"])


def check_target(source: Path, target: Path, method: Method) -> None:
    """Check a film, and that its result is named as what it is.

    Raises
    ------
    ColorizerError
        If `check_film` raises it.
    OptionError
        If the result is named as something else.
    """
    _, suffix = check_film(source, method.codec, method.strength)
    if target.suffix.lower() != suffix:
        message = N_("The result of this film is a %(suffix)s file; name it so.")
        raise OptionError(message, suffix=suffix)
