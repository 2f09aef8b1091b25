"""What templates see: frozen values made of the core's, in the visitor's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from colorizer.coloring.options import RENDER_FACTORS
from colorizer.errors import ColorizerError
from colorizer.generators.table import WEIGHTS
from colorizer.jobs.hints import kept_hints
from colorizer.jobs.models import Models, ModelStatus, State
from colorizer.library.batches import Batch, Entry
from colorizer.library.records import Record
from colorizer.web import services
from colorizer.web.errors import translate


@dataclass(frozen=True)
class ModelView:
    """A generator and how far it is; for the fields see `jobs.models.ModelStatus`."""

    name: str
    title: str
    state: State
    bytes_done: int | None
    bytes_total: int | None
    error: str | None

    @property
    def is_coming(self) -> bool:
        """Whether it is being downloaded or loaded."""
        return self.state in ("downloading", "loading")


@dataclass(frozen=True)
class ModelsView:
    """How the generators stand.

    Attributes
    ----------
    every
        All of them.
    default
        The one that the settings name.
    in_use
        The one that colours an upload that names none; None while nothing can be coloured.
    """

    every: list[ModelView]
    default: ModelView
    in_use: ModelView | None

    @property
    def ready(self) -> list[ModelView]:
        """Those that can be chosen."""
        return [model for model in self.every if model.state == "ready"]

    @property
    def coming(self) -> list[ModelView]:
        """Those that are being downloaded or loaded."""
        return [model for model in self.every if model.is_coming]

    @property
    def shown(self) -> list[ModelView]:
        """Those that every page names at its top.

        The default one always is; any other while it is coming, but for the built-in one, which
        takes a second. While nothing can be coloured, the built-in one and what has failed say
        why.
        """
        return [model for model in self.every if self._is_shown(model)]

    def _is_shown(self, model: ModelView) -> bool:
        if model.name == self.default.name:
            return True
        if self.in_use is None and (model.name == "builtin" or model.state == "failed"):
            return True
        return model.is_coming and model.name != "builtin"


@dataclass(frozen=True)
class PhotoView:
    """A stored photo; for the fields that aren't told here see `library.records.Record`.

    Attributes
    ----------
    model_title
        What people call the generator that coloured it.
    created, expires
        When it was made; when it will be deleted by itself, None: never.
    format
        The result's kind as options have it: ``jpeg``.
    hints, version
        How many colours a person has said of it; which change of them this is, which addresses
        of its pictures name.
    """

    id: str
    name: str
    model: str
    model_title: str
    created: datetime
    expires: datetime | None
    format: str
    width: int
    height: int
    render_factor: int
    requested_render_factor: int
    strength: int
    seconds: float
    pages: int
    keep_gps: bool
    hints: int
    version: int


@dataclass(frozen=True)
class EntryView:
    """One photo of a batch.

    Attributes
    ----------
    name
        What the visitor's file was called.
    state
        As of `library.batches.Entry`, or ``deleted``.
    photo
        The stored photo, if it is there.
    error
        Why it failed; empty if it didn't.
    """

    name: str
    state: str
    photo: PhotoView | None
    error: str


@dataclass(frozen=True)
class BatchView:
    """The photos of one upload.

    Attributes
    ----------
    id, entries
        Its name; its photos in their order.
    running
        Whether any is still to be coloured.
    done, failed
        How many are coloured, and how many can't be.
    """

    id: str
    running: bool
    entries: list[EntryView]
    done: int
    failed: int


@dataclass(frozen=True)
class LimitsView:
    """How much may be sent: megabytes and megapixels a photo, a film's megabytes and minutes, all.

    Of 0 minutes, a film may be as long as it is.
    """

    megabytes: int
    megapixels: int
    film_megabytes: int
    film_minutes: float
    total: int


def model_view(status: ModelStatus) -> ModelView:
    """Return what templates see of a generator."""
    return ModelView(
        name=status.name,
        title=gettext(status.title),
        state=status.state,
        bytes_done=status.bytes_done,
        bytes_total=status.bytes_total,
        error=translate(status.error) if status.error else None,
    )


def models_view(models: Models) -> ModelsView:
    """Return what templates see of the generators."""
    in_use = models.in_use()
    return ModelsView(
        every=[model_view(status) for status in models],
        default=model_view(models.default),
        in_use=model_view(in_use) if in_use else None,
    )


def photo_view(record: Record) -> PhotoView:
    """Return what templates see of a photo."""
    kept = kept_hints(record, services())
    return PhotoView(
        id=record.id,
        name=record.name,
        model=record.model,
        model_title=generator_title(record.model),
        created=record.created_at,
        expires=services().store.expires(record.created),
        format=record.result_kind.lower(),
        width=record.width,
        height=record.height,
        render_factor=record.render_factor,
        requested_render_factor=record.requested_render_factor,
        strength=record.strength,
        seconds=record.seconds,
        pages=record.pages,
        keep_gps=record.keep_gps,
        hints=len(kept.hints),
        version=kept.version,
    )


def generator_title(model: str) -> str:
    """Say what people call a generator; one of another release by its name."""
    return str(gettext(WEIGHTS[model].title)) if model in WEIGHTS else model


def batch_view(batch: Batch) -> BatchView:
    """Return what templates see of a batch."""
    return BatchView(
        id=batch.id,
        running=batch.running,
        entries=[entry_view(entry) for entry in batch.entries],
        done=sum(entry.state == "done" for entry in batch.entries),
        failed=sum(entry.state in ("failed", "interrupted") for entry in batch.entries),
    )


def entry_view(entry: Entry) -> EntryView:
    """Return what templates see of one photo of a batch."""
    record = services().store.find(entry.photo) if entry.photo else None
    return EntryView(
        name=entry.name,
        state="deleted" if entry.photo and not record else entry.state,
        photo=photo_view(record) if record else None,
        error=translate(ColorizerError(entry.message, **entry.params)) if entry.message else "",
    )


def limits_view() -> LimitsView:
    """Return what templates say of the limits."""
    settings = services().settings
    return LimitsView(
        settings.max_upload_mb,
        settings.max_megapixels,
        settings.max_video_mb,
        settings.max_video_minutes,
        settings.max_request_mb,
    )


def expected_seconds() -> dict[int, dict[str, float]]:
    """Tell what a photo is going to take: for each render factor, with each known generator."""
    estimate = services().estimate
    return {
        factor: {model: round(seconds, 2) for model, seconds in estimate.seconds(factor).items()}
        for factor in RENDER_FACTORS
    }
