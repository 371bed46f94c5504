"""One server, one `serve`, one Redis for all tests of the pages."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Page

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from tests.support.chromium import open_page
from tests.support.installation import Installation, installation
from tests.support.prefect_server import PrefectServer, serving
from tests.support.redis_server import start_redis


@pytest.fixture(scope="session")
def shown(
    docker_client: docker.DockerClient,
    prefect_server: PrefectServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """A Redis with one backup, and every deployment served."""
    server = start_redis(docker_client, args=RUNBOOK_ARGS)
    try:
        made = installation(tmp_path_factory.mktemp("ui"), server)
        backup(made.instance)
        with serving(prefect_server, made.configuration, **made.secrets):
            yield made
    finally:
        server.remove()


@pytest.fixture
def page() -> Iterator[Page]:
    """A fresh browser."""
    with open_page() as opened:
        yield opened


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where screenshots go when somebody asks for them: pytest --pictures DIRECTORY."""
    asked = request.config.getoption("--pictures")
    return Path(asked) if asked else None
