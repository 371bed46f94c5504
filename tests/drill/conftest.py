"""One filled server and its backups for all tests of this folder; each test breaks a copy."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.support.drill_case import DrillCase, make_drill_case
from tests.support.drill_faults import Means
from tests.support.instances import make_redis
from tests.support.sleeping_image import sleeping_image

__all__ = ["make_redis"]


@pytest.fixture(scope="session")
def made(docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> DrillCase:
    """Never change it: take `drill_case`."""
    drill_case, server = make_drill_case(docker_client, tmp_path_factory.mktemp("drill") / "store")
    # the container goes before the first drill: a drill needs the store alone
    server.remove()
    return drill_case


@pytest.fixture
def drill_case(made: DrillCase, tmp_path: Path) -> DrillCase:
    """A copy of the store, to be changed at will."""
    return made.copy(tmp_path / "store")


@pytest.fixture(scope="session")
def newer(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> DrillCase:
    """The same of Redis 8.0."""
    store = tmp_path_factory.mktemp("newer") / "store"
    drill_case, server = make_drill_case(docker_client, store, "redis-dr/redis:8.0")
    server.remove()
    return drill_case


@pytest.fixture(scope="session")
def sleeping(docker_client: docker.DockerClient) -> Iterator[str]:
    """An image whose server never gets ready."""
    with sleeping_image(docker_client) as image:
        yield image


@pytest.fixture
def means(newer: DrillCase, sleeping: str, tmp_path: Path) -> Means:
    """What some faults need."""
    return Means(newer, sleeping, tmp_path)
