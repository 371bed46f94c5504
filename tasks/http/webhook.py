"""One short message by HTTP. An address may hold a token, so errors name only its host."""

from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from redis_dr.tasks.model.errors import ServiceDown, ServiceError, UsageError


def send(
    method: Literal["GET", "POST"], url: str, timeout_seconds: float, body: Any = None
) -> None:
    """Send it once. Raises ServiceDown, ServiceError when it was not taken, UsageError."""
    remedy = "see whether that service runs, and [notify] in the configuration"
    try:
        host = urlsplit(url).hostname or "(no host)"
        answer = httpx.request(method, url, json=body, timeout=timeout_seconds)
    except (ValueError, httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise UsageError(
            "an address in [notify] is not a URL", "write http:// or https://"
        ) from None
    except httpx.TransportError as error:
        raise ServiceDown(f"{host} did not answer ({type(error).__name__})", remedy) from None
    if not answer.is_success:
        raise ServiceError(f"{host} answered {answer.status_code}", remedy)
