"""How an operation talks to a person while it runs: one line at a time, to whoever listens."""

import time
from collections.abc import Callable

Say = Callable[[str], None]


def quiet(_line: str) -> None:
    """Nobody listens."""


class Progress:
    """Tells how far a work of many equal parts is, in per cent: not at once, and not too often."""

    def __init__(self, say: Say, what: str, total: float, every_seconds: float = 2.0) -> None:
        self._say, self._what, self._total, self._every = say, what, total, every_seconds
        self._told_at = time.monotonic()
        self._told = False

    def at(self, done: float) -> None:
        """So many parts are done."""
        if not self._total or time.monotonic() - self._told_at < self._every:
            return
        self._told_at, self._told = time.monotonic(), True
        self._say(f"{self._what}, {min(99, int(100 * done / self._total))} %")

    def end(self) -> None:
        """All is done; who was told nothing yet need not be told that."""
        if self._told:
            self._say(f"{self._what}, 100 %")
