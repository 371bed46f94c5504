"""The circuit breaker: after N failures in a row it opens, after a pause it lets one try pass.

Ours, because of the libraries tried none fits threads: pybreaker 1.4.1 holds its lock during the
call (8 calls of 0.1 s took 0.8 s), circuitbreaker 2.1.3 and purgatory 3.0.1 have no lock and let
every thread through when half open. The clock is monotonic: setting the time opens nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from redis_dr.tasks.model.errors import CircuitOpen
from redis_dr.tasks.model.settings.limits import ResilienceSettings

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state, for reports. `at` is in seconds since the breaker was made."""

    at: float
    state: State


class Breaker:
    """Guards one service. Thread-safe; the guarded calls themselves run side by side."""

    def __init__(
        self,
        service: str,
        settings: ResilienceSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = service
        self._settings = settings
        self._clock = clock
        self._born = clock()
        self._lock = threading.Lock()
        self._state: State = "closed"
        self._failures = 0  # in a row
        self._last = ""
        self._opened_at = 0.0
        self._failed_trials = 0
        self._transitions: list[Transition] = []

    @property
    def state(self) -> State:
        """closed, open or half-open (one try is on its way)."""
        return self._state

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """Every change of state so far."""
        return tuple(self._transitions)

    @property
    def failed_trials(self) -> int:
        """How many half-open tries in a row failed since it last was closed."""
        return self._failed_trials

    @property
    def remaining_seconds(self) -> float:
        """Until the next try may pass; 0 when one may pass now."""
        if self._state == "closed":
            return 0.0
        return max(0.0, self._opened_at + self._settings.breaker_reset_seconds - self._clock())

    def reset(self) -> None:
        """Close it: the service was seen to answer, by a call that this breaker did not guard."""
        with self._lock:
            self._failures = 0
            self._failed_trials = 0
            if self._state != "closed":
                self._move("closed")

    @contextmanager
    def guard(self, counts: Callable[[BaseException], bool]) -> Iterator[None]:
        """Let the block run, or raise CircuitOpen. `counts`: is that error the service's?"""
        trial = self._enter()
        try:
            yield
        except BaseException as error:
            if counts(error):
                self._failed(error, trial=trial)
            elif trial:
                self._undecided()
            raise
        self._succeeded(trial=trial)

    def _enter(self) -> bool:
        """Whether this call is the one try that a half-open breaker lets pass."""
        with self._lock:
            if self._state == "closed":
                return False
            if self._state == "open" and self.remaining_seconds == 0:
                self._move("half-open")
                return True
            raise CircuitOpen(
                f"{self.service} failed {self._failures} times in a row (last: {self._last}); "
                f"it is left alone for {self._settings.breaker_reset_seconds:g} s",
                "see whether that service is well, then try again",
            )

    def _failed(self, error: BaseException, *, trial: bool) -> None:
        with self._lock:
            # an answer to a call that began before the breaker opened says nothing about now
            if self._state != "closed" and not trial:
                return
            self._failures += 1
            self._last = str(error).splitlines()[0] if str(error) else type(error).__name__
            if trial or self._failures >= self._settings.breaker_failures:
                self._opened_at = self._clock()
                self._failed_trials += trial
                self._move("open")

    def _succeeded(self, *, trial: bool) -> None:
        with self._lock:
            if self._state != "closed" and not trial:
                return
            self._failures = 0
            if trial:
                self._failed_trials = 0
                self._move("closed")

    def _undecided(self) -> None:
        with self._lock:
            # the try ended without an answer about the service: the next call may try at once
            self._move("open")

    def _move(self, state: State) -> None:
        self._state = state
        self._transitions.append(Transition(round(self._clock() - self._born, 3), state))
