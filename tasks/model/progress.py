"""How an operation reports what it does while it runs."""

import contextlib
import time
from typing import Protocol


class Progress(Protocol):
    """Takes one line for people and, where the work is countable, the share that is done.

    The terminal shows the share as a bar, Prefect as a progress artifact.
    """

    def __call__(self, text: str, done: float | None = None, /) -> None:
        """Report `text`; `done` is from 0 to 1, None where nothing is counted."""


def quiet(_text: str, _done: float | None = None, /) -> None:
    """Nobody listens."""


def unfailing(progress: Progress) -> Progress:
    """The same, but what a listener raises is dropped: telling people never stops the work.

    Only an interruption passes, which a signal may raise anywhere.
    """

    def tell(text: str, done: float | None = None, /) -> None:
        # any listener's fault; there is nobody to tell it to
        with contextlib.suppress(Exception):
            progress(text, done)

    return tell


class Meter:
    """Reports the share of a work of many equal parts: not at once, and not too often."""

    def __init__(
        self, progress: Progress, what: str, total: float, every_seconds: float = 2.0
    ) -> None:
        self._progress, self._what, self._total, self._every = progress, what, total, every_seconds
        self._reported_at = time.monotonic()
        self._reported = False

    def at(self, done: float) -> None:
        """So many parts are done."""
        if not self._total or time.monotonic() - self._reported_at < self._every:
            return
        self._reported_at, self._reported = time.monotonic(), True
        self._progress(self._what, min(0.99, done / self._total))

    def end(self) -> None:
        """All is done; a listener that heard nothing yet does not hear that."""
        if self._reported:
            self._progress(self._what, 1.0)
