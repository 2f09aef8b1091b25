"""What templates and the API see of a film."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath

from flask_babel import format_timedelta, gettext

from colorizer.errors import ColorizerError
from colorizer.library.film_records import FilmRecord
from colorizer.library.films import Status
from colorizer.video.progress import Progress, Stage
from colorizer.web import services
from colorizer.web.errors import translate
from colorizer.web.views import generator_title


@dataclass(frozen=True)
class FilmView:
    """A stored film; for the fields that aren't told here see `library.film_records.FilmRecord`.

    Attributes
    ----------
    model_title
        What people call the generator that colours it.
    created, expires
        When it came, or was finished; when it will be deleted by itself, None: never.
    status, stage
        How far it is; what is being done with it, None unless it is in hand.
    frames_done, frames_total, percent, fps, eta_seconds
        As of `video.progress.Progress`; the percent of the work, rounded down.
    eta
        That in words; empty while it isn't known.
    error
        Why it failed, or what it waits for; empty if there is nothing to say.
    notes
        What else there is to say of it.
    has_latest, has_part
        Whether there is a picture of the last frame, and a finished part that browsers play.
    playable
        Whether browsers play the result.
    """

    id: str
    name: str
    model: str
    model_title: str
    created: datetime
    expires: datetime | None
    render_factor: int
    strength: int
    codec: str
    status: Status
    stage: Stage | None
    frames_done: int
    frames_total: int
    percent: int
    fps: float | None
    eta_seconds: float | None
    eta: str
    error: str
    notes: list[str]
    has_latest: bool
    has_part: bool
    playable: bool

    @property
    def is_open(self) -> bool:
        """Whether it comes to an end by itself."""
        return self.status in ("queued", "running")


def film_view(record: FilmRecord) -> FilmView:
    """Return what is to be seen of a film."""
    films, state = services().films, services().films.state(record)
    progress = services().film_queue.progress(record)
    done = state.frames if state.status == "done" else 0
    shown = progress or Progress("coloring", done, state.frames, float(state.status == "done"))
    eta = shown.eta_seconds if progress else None
    mp4 = PurePath(record.result).suffix == ".mp4"
    return FilmView(
        id=record.id,
        name=record.name,
        model=record.model,
        model_title=generator_title(record.model),
        created=record.created_at,
        expires=None if state.status in ("queued", "running") else _expires(record),
        render_factor=record.render_factor,
        strength=record.strength,
        codec=record.codec,
        status="running" if progress else state.status,
        stage=progress.stage if progress else None,
        frames_done=shown.frames_done,
        frames_total=shown.frames_total,
        percent=int(100 * shown.share),
        fps=None if shown.fps is None else round(shown.fps, 2),
        eta_seconds=None if eta is None else round(eta, 1),
        eta="" if eta is None else format_timedelta(timedelta(seconds=max(1, round(eta)))),
        error=translate(ColorizerError(state.message, **state.params)) if state.message else "",
        notes=[gettext(note) for note in state.notes],
        has_latest=films.latest(record).exists(),
        has_part=mp4 and films.part(record) is not None,
        playable=mp4 and state.status == "done",
    )


def _expires(record: FilmRecord) -> datetime | None:
    return services().store.expires(record.created)
