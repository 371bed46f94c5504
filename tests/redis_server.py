"""A real Redis in a container for tests of one server: random port, labelled, removed."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
import redis

from tasks.model.settings.instance import Instance

IMAGE = os.environ.get("REDIS_DR_TEST_IMAGE", "redis-dr/redis:7.0")
PASSWORD = "s3cret-of-the-tests"
LABEL = "redis-dr.test"


@dataclass(frozen=True)
class RedisServer:
    """One running container. `client` talks to it without redis-dr's own door."""

    container: Any
    port: int

    @property
    def name(self) -> str:
        return str(self.container.name)

    def client(self, db: int = 0) -> "redis.Redis":
        return redis.Redis(port=self.port, password=PASSWORD, db=db)

    def instance(self, **fields: Any) -> Instance:
        """The configuration of it, with the given fields on top."""
        return Instance.model_validate(
            {
                "name": "weka-redis",
                "container": self.name,
                "url": f"redis://127.0.0.1:{self.port}",
                "password": PASSWORD,
                **fields,
            }
        )


@contextmanager
def running_redis(*arguments: str, image: str = IMAGE) -> Iterator[RedisServer]:
    """Start one, wait until it answers, remove it with its volume."""
    engine = docker.from_env()
    container = engine.containers.run(
        image,
        ["redis-server", "--requirepass", PASSWORD, *arguments],
        detach=True,
        ports={"6379/tcp": ("127.0.0.1", None)},
        labels={LABEL: str(os.getpid())},
    )
    try:
        container.reload()
        port = int(container.ports["6379/tcp"][0]["HostPort"])
        server = RedisServer(container, port)
        _await_answer(server)
        yield server
    finally:
        container.remove(force=True, v=True)
        engine.close()


def _await_answer(server: RedisServer) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.client().ping()
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def wait_until(condition: Any, seconds: float = 10) -> None:
    """Poll until the condition holds; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
