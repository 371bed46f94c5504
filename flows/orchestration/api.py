"""Calls of Prefect's API that may fail without harm: the work is done with or without them."""

from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

T = TypeVar("T")
API_ERRORS = (PrefectException, httpx.HTTPError, OSError, RuntimeError)
# Prefect's own retries take over a minute; a stopped Redis must not wait for them
_QUICK: dict[Any, Any] = {PREFECT_CLIENT_MAX_RETRIES: 0, PREFECT_API_REQUEST_TIMEOUT: 10.0}


def quickly(call: Callable[[], T]) -> T | None:
    """The API's answer, without retries; None, and a warning in the log, when the call fails."""
    with temporary_settings(_QUICK):
        return patiently(call)


def patiently(call: Callable[[], T]) -> T | None:
    """The same with Prefect's own retries, where nothing waits for the answer."""
    try:
        return call()
    except API_ERRORS as error:
        get_run_logger().warning("Prefect's API: %s: %s", type(error).__name__, error)
        return None
