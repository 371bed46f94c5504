"""Flows in this process against a real server, and scenes for flows in other processes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from tests.support.installation import Installation, installation
from tests.support.prefect_server import PrefectServer
from tests.support.redis_server import RedisServer
from tests.support.ui import page, pictures, shown

__all__ = ["page", "pictures", "shown"]
MakeInstallation = Callable[..., Installation]


@pytest.fixture
def make_installation(
    redis_factory: Callable[..., RedisServer], tmp_path: Path
) -> MakeInstallation:
    """A number of filled servers as the runbook has them, and their configuration."""

    def make(count: int = 1, more: str = "", **options: Any) -> Installation:
        servers = [redis_factory(args=RUNBOOK_ARGS, **options) for _ in range(count)]
        return installation(tmp_path, *servers, more=more)

    return make


@pytest.fixture
def prefect_here(prefect_server: PrefectServer) -> Iterator[PrefectServer]:
    """Flows called in this process are runs of the real server."""
    with temporary_settings(
        {
            PREFECT_HOME: prefect_server.home,
            PREFECT_API_URL: f"{prefect_server.url}/api",
            PREFECT_API_AUTH_STRING: prefect_server.login,
            PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
            # joining the heartbeat's thread costs each run a second
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        }
    ):
        yield prefect_server


@pytest.fixture
def here(
    make_installation: MakeInstallation,
    prefect_here: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Installation:
    """One filled server, and this process's environment configured for it."""
    made = make_installation()
    use(made, monkeypatch)
    return made


def use(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process find the installation as a worker finds its configuration."""
    monkeypatch.setenv("REDIS_DR_CONFIG", str(made.configuration))
    for name, value in made.secrets.items():
        monkeypatch.setenv(name, value)
