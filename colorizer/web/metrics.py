"""Figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from colorizer.jobs.runtime import Runtime


class Metrics(Collector):
    """What one app counts; the state of its runtime is read when it is asked for.

    Attributes
    ----------
    seconds
        How long photos took, by generator.
    refused
        Photos that were not coloured, by the kind of error.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "colorizer_photo_seconds",
            "Seconds from decoding to encoding of a coloured photo.",
            ["model"],
            buckets=(0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128),
            registry=self.registry,
        )
        self.refused = Counter(
            "colorizer_photos_refused",
            "Photos that were not coloured.",
            ["error"],
            registry=self.registry,
        )
        self._runtime = runtime
        self.registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Read the runtime."""
        yield GaugeMetricFamily(
            "colorizer_photos_in_progress",
            "Photos in the generator and waiting for it.",
            value=len(self._runtime.turns),
        )
        ready = GaugeMetricFamily(
            "colorizer_model_ready", "1 if a generator is loaded.", labels=["model"]
        )
        for status in self._runtime.models.values():
            ready.add_metric([status.name], status.state == "ready")
        yield ready
