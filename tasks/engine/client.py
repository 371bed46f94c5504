"""The door to the Docker engine. DOCKER_HOST and its TLS variables say which one."""

import functools

import docker

from tasks.engine.errors import engine_errors

TIMEOUT_SECONDS = 60  # for one answer; calls that take longer by nature bring their own


@functools.lru_cache(maxsize=8)
def _client(seconds: int) -> docker.DockerClient:
    return docker.DockerClient.from_env(version="auto", timeout=seconds)


def engine(seconds: int = TIMEOUT_SECONDS) -> docker.DockerClient:
    """A client of the engine. Raises Unreachable when none answers."""
    with engine_errors("connecting to the Docker engine"):
        return _client(seconds)
