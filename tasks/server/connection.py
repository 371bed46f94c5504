"""The way to one instance: its address, its password, one pool, the one rule for retries."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.connection import BlockingConnectionPool, parse_url
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 the builtin of that name is not used here
    TimeoutError,  # noqa: A004 same
)
from redis.retry import Retry

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.limits import ResilienceSettings
from redis_dr.tasks.resilience.breaker import Breaker

R = TypeVar("R")

PASSWORD_VARIABLE: Final = "REDIS_PASSWORD"  # noqa: S105 the name of a variable, not a password


def connect(instance: Instance, db: int = 0) -> redis.Redis:
    """A client with a pool of its own; answers are bytes. It connects when first used.

    A dropped connection is tried again; LOADING and a wrong password come through at once. Wrap
    every use in `redis_errors(instance.name)`. Raises UsageError for a bad url or password file.
    """
    return _client(instance, db, instance.username, password_of(instance))


def connect_as_stranger(instance: Instance) -> redis.Redis:
    """The same without any password: to see whether the server lets strangers in."""
    return _client(instance, 0, None, None)


def _client(instance: Instance, db: int, username: str | None, password: str | None) -> redis.Redis:
    limits = instance.resilience
    pool = BlockingConnectionPool(  # type: ignore[no-untyped-call] # redis-py left it out
        **_address(instance),
        db=db,
        username=username,
        password=password,
        client_name="redis-dr",
        protocol=2,  # the same answers from every server since Redis 2.4
        max_connections=limits.max_connections,
        timeout=limits.timeout_seconds,
        socket_timeout=limits.timeout_seconds,
        socket_connect_timeout=limits.timeout_seconds,
        retry=OneRule(limits, Breaker(instance.name, limits)),
    )
    return redis.Redis.from_pool(pool)


def password_of(instance: Instance) -> str | None:
    """The configuration's, else $REDIS_PASSWORD, else password_file. Raises UsageError."""
    if instance.password is not None:
        return instance.password.get_secret_value()
    if os.environ.get(PASSWORD_VARIABLE):
        return os.environ[PASSWORD_VARIABLE]
    return _read_password(Path(instance.password_file)) if instance.password_file else None


def _read_password(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"the password file {path} cannot be read: {reason}",
            f"correct password_file or the file's rights, or set {PASSWORD_VARIABLE}",
        ) from error
    if not text.strip("\r\n"):
        raise UsageError(f"the password file {path} is empty", "write the password into it")
    return text.strip("\r\n")  # editors and `echo` end a file with a newline


def _address(instance: Instance) -> dict[str, Any]:
    parts = _split(instance)
    if parts.password:
        raise UsageError(
            f"the url of {instance.name} holds a password",
            f"take it out, and set {PASSWORD_VARIABLE} or password_file",
        )
    plain = f"{parts.scheme}://{parts.netloc}{_socket(parts)}"
    options: dict[str, Any] = dict(parse_url(plain))  # type: ignore[no-untyped-call] # redis-py's
    if parts.scheme == "rediss":
        options["ssl_ca_certs"] = instance.ca_bundle
    return options


def _split(instance: Instance) -> Any:
    remedy = 'write it as "redis://HOST:PORT", "rediss://HOST:PORT" or "unix:///PATH"'
    try:
        parts = urlsplit(instance.url)
        good = parts.scheme == "unix" or (parts.hostname and (parts.port or 6379))
    except ValueError as error:
        raise UsageError(f"the url of {instance.name} is not an address", remedy) from error
    if parts.scheme not in {"redis", "rediss", "unix"} or not good:
        raise UsageError(f"the url of {instance.name} is not an address", remedy)
    return parts


def _socket(parts: Any) -> str:
    # the path of a redis:// url is a database number, and the database is the caller's choice
    return str(parts.path) if parts.scheme == "unix" else ""


class OneRule(Retry):
    """redis-py's retry, minus what must not be hidden, behind the breaker of this instance.

    redis-py counts LOADING and a wrong password as lost connections and would try again in silence
    (facts/redis.md 13).
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
    """Whether the server did not answer, as against answering something unwelcome."""
    answered = isinstance(error, BusyLoadingError | AuthenticationError | AuthorizationError)
    return isinstance(error, ConnectionError | TimeoutError) and not answered


def address_of(client: redis.Redis) -> str:
    """HOST:PORT or the socket's path, for sentences."""
    options = client.connection_pool.connection_kwargs
    return str(options.get("path") or f"{options.get('host')}:{options.get('port')}")


def server_time_ms(client: redis.Redis) -> int:
    """The server's clock, Unix milliseconds: not this machine's."""
    seconds, microseconds = client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def monotonic_deadline(seconds: float) -> Callable[[], float]:
    """Seconds left, by a clock that nobody can set."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()
