"""The one retry rule: exponential backoff with jitter, and only for errors that may pass."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_random_exponential

from tasks.model.errors import RedisDrError
from tasks.model.settings.resilience import ResilienceSettings

R = TypeVar("R")


def is_transient(error: BaseException) -> bool:
    """Whether the very same call may succeed a little later. The error itself knows."""
    return isinstance(error, RedisDrError) and error.transient


def with_retries(
    settings: ResilienceSettings,
    call: Callable[[], R],
    sleep: Callable[[float], None],
    at_least: Callable[[BaseException], float] = lambda _error: 0.0,
) -> R:
    """Call, and call again up to `max_retries` times while the error is transient.

    `sleep` waits between tries and may raise to give up; `at_least` is the least pause in seconds
    that an error asks for (Retry-After). The last error is raised as it came.
    """
    rule = Retrying(
        stop=stop_after_attempt(settings.max_retries + 1),
        wait=_Wait(settings, at_least),
        retry=retry_if_exception(is_transient),
        sleep=sleep,
        reraise=True,
    )
    return rule(call)


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
