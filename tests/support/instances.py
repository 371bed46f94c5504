"""Fixtures: instances to back up and restore. A conftest imports those that its folder needs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from tests.support.estate import Estate, estate, fill
from tests.support.redis_server import RedisServer, start_redis

DEBUG = ("--enable-debug-command", "yes")  # for DEBUG DIGEST, the server's own word on its content
Make = Callable[..., Estate]


@pytest.fixture
def make_estate(redis_factory: Callable[..., RedisServer], tmp_path: Path) -> Make:
    """An instance as the runbook has it, with other arguments or configuration on request."""

    def make(
        *args: str, fields: dict[str, Any] | None = None, base: Any = RUNBOOK_ARGS, **options: Any
    ) -> Estate:
        options.setdefault("restart_policy", {"Name": "unless-stopped"})
        server = redis_factory(args=[*base, *DEBUG, *args], **options)
        return estate(server, tmp_path / "store", **(fields or {}))

    return make


@pytest.fixture
def full(make_estate: Make) -> Estate:
    """The runbook's instance with some keys."""
    made = make_estate()
    fill(made.server)
    return made


@pytest.fixture(scope="module")
def lasting(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Estate]:
    """One instance for all rounds of a sweep: starting a container costs more than a round."""
    server = start_redis(
        docker_client,
        args=[*RUNBOOK_ARGS, *DEBUG],
        restart_policy={"Name": "unless-stopped"},
    )
    try:
        yield estate(server, tmp_path_factory.mktemp("store"))
    finally:
        server.remove()
