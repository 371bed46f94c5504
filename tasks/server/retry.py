"""Which failed calls to a server are repeated, and when the breaker stops them."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 the builtin of that name is not used here
    TimeoutError,  # noqa: A004 same
)
from redis.retry import Retry

from redis_dr.tasks.model.settings.limits import ResilienceSettings
from redis_dr.tasks.resilience.breaker import Breaker

R = TypeVar("R")


class LimitedRetry(Retry):
    """redis-py's retry for lost connections only, behind a breaker.

    redis-py counts LOADING and a wrong password as lost connections and would repeat the call
    without a word (facts/redis.md 13).
    """

    def __init__(self, limits: ResilienceSettings, breaker: Breaker) -> None:
        backoff = ExponentialWithJitterBackoff(
            base=limits.backoff_seconds, cap=limits.backoff_cap_seconds
        )
        super().__init__(backoff, limits.max_retries)
        self.breaker = breaker

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self  # redis-py copies it for each connection; the breaker is one for all

    def call_with_retry(
        self,
        do: Callable[[], R],
        fail: Any,
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,  # noqa: FBT001, FBT002 the signature is redis-py's
    ) -> R:
        """As redis-py calls it."""

        def may_pass(error: Exception) -> bool:
            return is_lost(error) and (is_retryable is None or is_retryable(error))

        with self.breaker.guard(counts=is_lost):
            return super().call_with_retry(do, fail, may_pass, with_failure_count)


def is_lost(error: BaseException) -> bool:
    """Whether the server did not answer; an error reply is an answer."""
    answered = isinstance(error, BusyLoadingError | AuthenticationError | AuthorizationError)
    return isinstance(error, ConnectionError | TimeoutError) and not answered
