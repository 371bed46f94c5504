"""The one retry rule: exponential backoff with jitter, and only for errors that may pass."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_any
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_random_exponential

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.limits import ResilienceSettings

R = TypeVar("R")


def is_transient(error: BaseException) -> bool:
    """Whether the very same call may succeed a little later. The error itself knows."""
    return isinstance(error, RedisDrError) and error.transient


@dataclass(frozen=True, slots=True)
class Patience:
    """How one asker waits between tries: by a sleep that can be cut short, within a deadline."""

    sleep: Callable[[float], None] = time.sleep
    remaining_seconds: Callable[[], float] = lambda: math.inf


def with_retries(
    settings: ResilienceSettings,
    call: Callable[[], R],
    at_least: Callable[[BaseException], float] = lambda _error: 0.0,
    patience: Patience = Patience(),
) -> R:
    """Call, and call again up to `max_retries` times while the error is transient.

    `at_least` is the least pause in seconds that an error asks for (Retry-After). The last error is
    raised as it came; so is one whose next try would begin after the deadline.
    """

    rule = Retrying(
        stop=stop_any(stop_after_attempt(settings.max_retries + 1), _TooLate(patience)),
        wait=_Wait(settings, at_least),
        retry=retry_if_exception(is_transient),
        sleep=patience.sleep,
        reraise=True,
    )
    return rule(call)


class _TooLate(stop_base):
    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.upcoming_sleep > self._patience.remaining_seconds()


class _Wait(wait_base):
    """Jittered exponential, but never shorter than the service asked for."""

    def __init__(
        self, settings: ResilienceSettings, at_least: Callable[[BaseException], float]
    ) -> None:
        self._backoff = wait_random_exponential(
            multiplier=settings.backoff_seconds, max=settings.backoff_cap_seconds
        )
        self._at_least = at_least

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return max(self._backoff(retry_state), self._at_least(error) if error else 0.0)
