"""A real Prefect API for the tests, with a database of its own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def running_prefect_api(home: Path) -> Iterator[str]:
    """Start a server on a temporary database; yields its URL."""
    with pytest.MonkeyPatch.context() as environment:
        # before the import: Prefect reads its settings once
        environment.setenv("PREFECT_HOME", str(home))
        environment.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        environment.setenv("DO_NOT_TRACK", "1")
        from prefect.settings import (  # noqa: PLC0415 2 s that other tests need not pay
            PREFECT_API_URL,
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
            temporary_settings,
        )
        from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 same

        # the default limit of 30 s is too close to the 19 to 23 s measured (facts/prefect.md)
        with (
            prefect_test_harness(server_startup_timeout=120),
            # joining the heartbeat thread costs each flow run a second
            temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
        ):
            yield str(PREFECT_API_URL.value())
