"""How long each step took, by a clock that nobody can set."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class Timings:
    """Seconds per named step of one operation, and of the whole."""

    def __init__(self) -> None:
        self.started_at = datetime.now(UTC)
        self._begun = time.monotonic()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time the block; the same name twice adds up."""
        begun = time.monotonic()
        try:
            yield
        finally:
            taken = time.monotonic() - begun
            self._seconds[name] = round(self._seconds.get(name, 0.0) + taken, 3)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return round(time.monotonic() - self._begun, 3)

    def as_dict(self) -> dict[str, float]:
        """For manifests and reports."""
        return dict(self._seconds)
