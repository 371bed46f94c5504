"""Real servers for the RDB format: one of each version, started once, emptied for each test."""

import contextlib
from collections.abc import Callable, Iterator

import docker
import pytest

from redis_dr.tasks.rdb.compiled import core
from tests.support.redis_server import RedisServer, start_redis

# where no core could be built, or where it is turned off, there is nothing to compare
collect_ignore = ["test_core.py"] if core is None else []
IMAGES = {
    "redis70": "redis-dr/redis:7.0",
    "redis80": "redis-dr/redis:8.0",
    "valkey81": "redis-dr/valkey:8.1",
}
# DEBUG RELOAD and DEBUG LISTPACK-like commands; no saves but those that a test asks for
ARGS = ("--enable-debug-command", "yes", "--save", "")

Servers = Callable[[str], RedisServer]


@pytest.fixture(scope="session")
def any_server(docker_client: docker.DockerClient) -> Iterator[Servers]:
    """Give the server of a version ("redis70", "redis80", "valkey81"), as the last test left it."""
    running: dict[str, RedisServer] = {}
    with contextlib.ExitStack() as stack:

        def give(version: str) -> RedisServer:
            if version not in running:
                server = start_redis(docker_client, image=IMAGES[version], args=ARGS)
                stack.callback(server.remove)
                running[version] = server
            return running[version]

        yield give


@pytest.fixture(
    params=[pytest.param(version, marks=getattr(pytest.mark, version)) for version in IMAGES]
)
def version(request: pytest.FixtureRequest) -> str:
    """Each version in turn."""
    return str(request.param)


@pytest.fixture
def server(any_server: Servers, version: str) -> RedisServer:
    """Each server in turn, empty."""
    return emptied(any_server(version))


def emptied(server: RedisServer) -> RedisServer:
    """The same server without data."""
    server.client().flushall()
    return server


def saved(server: RedisServer) -> bytes:
    """Let the server save, and fetch the file."""
    server.client().save()
    return server.read_file("/data/dump.rdb")


def loaded(server: RedisServer, data: bytes) -> RedisServer:
    """Let the server's own checker accept the file, then let the server load it; it holds that."""
    prefix = "valkey" if "valkey" in server.image else "redis"
    server.write_file("/data/dump.rdb", data)
    verdict = server.sh(f"{prefix}-check-rdb /data/dump.rdb")
    assert "Checksum OK" in verdict, verdict
    assert "RDB looks OK" in verdict, verdict
    server.client().execute_command("DEBUG", "RELOAD", "NOSAVE")
    return server
