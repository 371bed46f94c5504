"""Waits for the Prefect server: after a reboot it may come up later than what runs against it."""

import time

from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from redis_dr.tasks.model.errors import Unreachable

_COMES_WITHIN = 180.0  # seconds; 26 were measured on a fresh home (facts/prefect.md)
_PAUSE_SECONDS = 1.0


def await_api(seconds: float = _COMES_WITHIN) -> None:
    """Return once the server that PREFECT_API_URL names is healthy. Raises Unreachable."""
    deadline = time.monotonic() + seconds
    with get_client(sync_client=True) as client:
        while client.api_healthcheck() is not None:
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"no Prefect server answers at {PREFECT_API_URL.value()}",
                    "start it, or correct PREFECT_API_URL",
                )
            time.sleep(_PAUSE_SECONDS)
