"""One server, one `serve`, one Redis for all tests of the pages."""

import base64
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
def page(prefect_server: PrefectServer) -> Iterator[Page]:
    """A fresh browser that has logged in."""
    with open_page() as opened:
        logged_in(opened, prefect_server)
        yield opened


def logged_in(page: Page, server: PrefectServer) -> None:
    """Let the browser know what a person types on Prefect's login page."""
    password = base64.b64encode(server.login.encode()).decode()
    page.add_init_script(f"localStorage.setItem('prefect-password', '{password}')")


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where screenshots go when somebody asks for them: pytest --pictures DIRECTORY."""
    asked = request.config.getoption("--pictures")
    return Path(asked) if asked else None
