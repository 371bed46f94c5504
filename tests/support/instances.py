"""Fixtures: instances to back up and restore. A conftest imports those that its folder needs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from tests.support.managed_redis import ManagedRedis, fill, managed_redis
from tests.support.redis_server import RedisServer, start_redis

DEBUG = ("--enable-debug-command", "yes")  # for DEBUG DIGEST, the server's own word on its content
Make = Callable[..., ManagedRedis]


@pytest.fixture
def make_redis(redis_factory: Callable[..., RedisServer], tmp_path: Path) -> Make:
    """An instance as the runbook has it, with other arguments or configuration on request."""

    def make(
        *args: str, fields: dict[str, Any] | None = None, base: Any = RUNBOOK_ARGS, **options: Any
    ) -> ManagedRedis:
        options.setdefault("restart_policy", {"Name": "unless-stopped"})
        server = redis_factory(args=[*base, *DEBUG, *args], **options)
        return managed_redis(server, tmp_path / "store", **(fields or {}))

    return make


@pytest.fixture
def filled_redis(make_redis: Make) -> ManagedRedis:
    """The runbook's instance with some keys."""
    made = make_redis()
    fill(made.server)
    return made


@pytest.fixture(scope="module")
def shared_redis(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ManagedRedis]:
    """One instance for all rounds of a sweep: starting a container costs more than a round."""
    server = start_redis(
        docker_client,
        args=[*RUNBOOK_ARGS, *DEBUG],
        restart_policy={"Name": "unless-stopped"},
    )
    try:
        yield managed_redis(server, tmp_path_factory.mktemp("store"))
    finally:
        server.remove()
