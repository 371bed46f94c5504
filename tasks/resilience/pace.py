"""How fast one service may be asked: a rate, and a pause that it may demand of all askers."""

import threading
import time
from collections.abc import Callable


class Pace:
    """Hands out moments. Thread-safe; it computes and never sleeps."""

    def __init__(
        self, rate_per_second: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gap = 1 / rate_per_second if rate_per_second else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock()

    def reserve(self) -> float:
        """Seconds to wait until this asker's turn; the turn is taken."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._gap
            return turn - now

    def hold(self, seconds: float) -> None:
        """No turn before that many seconds from now (Retry-After)."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
