"""One short message by HTTP. An address may hold a token: errors name its host, logs nothing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from redis_dr.tasks.model.errors import ServiceDown, ServiceError, UsageError

_unlogged = ContextVar("redis-dr.unlogged", default=False)


class _Unlogged(logging.Filter):
    """Drops what the HTTP client writes while a secret address is asked."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 whatever it says
        return not _unlogged.get()


def send(
    method: Literal["GET", "POST"], url: str, timeout_seconds: float, body: Any = None
) -> None:
    """Send it once. Raises ServiceDown, ServiceError when it was not taken, UsageError."""
    remedy = "see whether that service runs, and [notify] in the configuration"
    try:
        host = urlsplit(url).hostname or "(no host)"
        with _without_log():
            answer = httpx.request(method, url, json=body, timeout=timeout_seconds)
    except (ValueError, httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise UsageError(
            "an address in [notify] is not a URL", "write http:// or https://"
        ) from None
    except httpx.TransportError as error:
        raise ServiceDown(f"{host} did not answer ({type(error).__name__})", remedy) from None
    if not answer.is_success:
        raise ServiceError(f"{host} answered {answer.status_code}", remedy)


@contextmanager
def _without_log() -> Iterator[None]:
    """httpx logs each address at INFO, httpcore the headers of the answer at DEBUG."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("http")]
    for name in {"httpx", *names}:
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Unlogged) for each in logger.filters):
            logger.addFilter(_Unlogged())
    token = _unlogged.set(True)
    try:
        yield
    finally:
        _unlogged.reset(token)
