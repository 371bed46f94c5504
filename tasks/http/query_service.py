"""Asks any HTTP service one query at a time, and says why when it does not answer."""

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from redis_dr.tasks.model.errors import ServiceDown, ServiceError, UsageError
from redis_dr.tasks.model.settings.warm import WarmSettings

# answers that another try may turn into a good one (RFC 9110; 429 is RFC 6585)
TRANSIENT: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_KEPT_BYTES: Final = 2**20  # of an answer, to see whether it says that it failed


class HttpService:
    """One service behind one endpoint, with a pool of its own. Thread-safe."""

    def __init__(self, settings: WarmSettings) -> None:
        if settings.endpoint is None:
            raise UsageError("no [warm] endpoint is configured", "name the service's address there")
        self._settings = settings
        self._endpoint = settings.endpoint
        self._template = json.loads(settings.template)
        parts = urlsplit(settings.endpoint)
        self.name = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        limits = httpx.Limits(max_connections=settings.concurrency)
        headers = _headers(settings.headers_from)
        # environment proxies are for the world outside; this service is the instance's neighbour
        self._client = httpx.Client(limits=limits, headers=headers, trust_env=False)

    def close(self) -> None:
        """Close the pool."""
        self._client.close()

    def ask(self, text: str, timeout_seconds: float) -> None:
        """Send one query and read the answer to its end.

        Raises ServiceDown when another try may help, ServiceError when not.
        """
        try:
            self._ask(text, timeout_seconds)
        except httpx.HTTPError as error:
            raise _translated(error, self.name) from error
        except httpx.InvalidURL as error:
            raise UsageError(
                f"[warm] endpoint is not an address: {error}", "correct it in the configuration"
            ) from error

    def _ask(self, text: str, timeout_seconds: float) -> None:
        end = time.monotonic() + timeout_seconds
        url = self._endpoint.replace("{query}", quote(text, safe=""))
        body = filled(self._template, text) if self._settings.method == "POST" else None
        with self._client.stream(
            self._settings.method, url, json=body, timeout=timeout_seconds
        ) as response:
            answer = _read(response, end)
        if not response.is_success:
            raise _refusal(response, self.name)
        if says_failed(answer):
            raise ServiceError(
                f"{self.name} answered {response.status_code}, and in it that it failed",
                "send it that query by hand and see its log",
            )


def _read(response: httpx.Response, end: float) -> bytes:
    # httpx limits the pause between two reads, so a drip of bytes would never time out
    kept = bytearray()
    for chunk in response.iter_bytes():
        kept += chunk[: _KEPT_BYTES - len(kept)]
        if time.monotonic() > end:
            raise httpx.ReadTimeout("the answer did not end in time", request=response.request)
    return bytes(kept)


def filled(template: Any, text: str) -> Any:
    """The template with {query} replaced in its texts: a value, so nothing needs escaping."""
    if isinstance(template, dict):
        return {key: filled(value, text) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, text) for value in template]
    return template.replace("{query}", text) if isinstance(template, str) else template


def says_failed(answer: bytes) -> bool:
    """Whether a JSON object says so itself: `isError` true (MCP), or an `error` (JSON-RPC)."""
    try:
        document = json.loads(answer)
    except ValueError:
        return False
    if not isinstance(document, dict):
        return False
    return document.get("isError") is True or document.get("error") not in (None, False, "", {}, [])


def retry_after_seconds(value: str | None, now: datetime) -> float:
    """The header Retry-After: seconds, or a date (RFC 9110). 0 when absent or nonsense."""
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _refusal(response: httpx.Response, name: str) -> ServiceError:
    code = response.status_code
    if code not in TRANSIENT:
        return ServiceError(
            f"{name} answered {code} {response.reason_phrase}".rstrip(),
            "see [warm] endpoint, template and headers_from, and the service's log",
        )
    error = ServiceDown(
        f"{name} answered {code} {response.reason_phrase}".rstrip(),
        "see the service's log; lower [warm] concurrency or rate_per_second if it is overloaded",
    )
    error.overloaded = code == 429
    error.retry_after_seconds = retry_after_seconds(
        response.headers.get("retry-after"), datetime.now(UTC)
    )
    return error


def _translated(error: httpx.HTTPError, name: str) -> ServiceError:
    remedy = "see whether the service runs, and whether [warm] endpoint is its address"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        absent = ServiceDown(f"{name} cannot be reached: {error}", remedy)
        absent.absent = True
        return absent
    if isinstance(error, httpx.TimeoutException):
        return ServiceDown(f"{name} did not answer in time", remedy)
    if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
        return ServiceDown(f"{name} broke off: {type(error).__name__}", remedy)
    return ServiceError(f"{name}: {type(error).__name__}: {error}", remedy)


def _headers(sources: Mapping[str, str]) -> dict[str, str]:
    missing = sorted(variable for variable in sources.values() if variable not in os.environ)
    if missing:
        raise UsageError(
            f"[warm] headers_from names variables that are not set: {', '.join(missing)}",
            "set them in the environment",
        )
    return {header: os.environ[variable] for header, variable in sources.items()}
