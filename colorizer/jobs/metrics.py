"""Figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from colorizer.errors import ColorizerError
from colorizer.jobs.models import Models
from colorizer.jobs.turns import Turns
from colorizer.library.records import Record


class Metrics(Collector):
    """What one app counts; how far its models and its queue are is read when it is asked for."""

    def __init__(self, models: Models, queue: Turns) -> None:
        self._models, self._queue = models, queue
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "colorizer_photo_seconds",
            "Seconds from decoding to encoding of a coloured photo.",
            ["model"],
            buckets=(0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128),
            registry=self._registry,
        )
        self._refused = Counter(
            "colorizer_photos_refused",
            "Photos that were not coloured.",
            ["error"],
            registry=self._registry,
        )
        self._registry.register(self)

    def count(self, record: Record) -> None:
        """Count a coloured photo."""
        self._seconds.labels(record.model).observe(record.seconds)

    @contextmanager
    def refusals_counted(self) -> Iterator[None]:
        """Count a photo that fails in the block, by the kind of its error."""
        try:
            yield
        except ColorizerError as error:
            self._refused.labels(type(error).__name__).inc()
            raise

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Read the queue and the models; Prometheus' library calls it."""
        yield GaugeMetricFamily(
            "colorizer_photos_in_progress",
            "Photos in the generator and waiting for it.",
            value=len(self._queue),
        )
        ready = GaugeMetricFamily(
            "colorizer_model_ready", "1 if a generator is loaded.", labels=["model"]
        )
        for status in self._models:
            ready.add_metric([status.name], status.state == "ready")
        yield ready
