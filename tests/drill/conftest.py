"""One filled server and its backups for all tests of this folder; each test breaks a copy."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.support.drill_case import Place, make_place
from tests.support.drill_faults import Means
from tests.support.instances import make_estate
from tests.support.sleeping_image import sleeping_image

__all__ = ["make_estate"]


@pytest.fixture(scope="session")
def made(docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Never change it: take `place`."""
    place, server = make_place(docker_client, tmp_path_factory.mktemp("drill") / "store")
    # the container goes before the first drill: a drill needs the store alone
    server.remove()
    return place


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Place:
    """A copy of the store, to be changed at will."""
    return made.copy(tmp_path / "store")


@pytest.fixture(scope="session")
def newer(docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same of Redis 8.0."""
    store = tmp_path_factory.mktemp("newer") / "store"
    place, server = make_place(docker_client, store, "redis-dr/redis:8.0")
    server.remove()
    return place


@pytest.fixture(scope="session")
def sleeping(docker_client: docker.DockerClient) -> Iterator[str]:
    """An image whose server never gets ready."""
    with sleeping_image(docker_client) as image:
        yield image


@pytest.fixture
def means(newer: Place, sleeping: str, tmp_path: Path) -> Means:
    """What some faults need."""
    return Means(newer, sleeping, tmp_path)
