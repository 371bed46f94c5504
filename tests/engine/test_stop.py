"""Stopping a container whose first process is not ready for a signal yet."""

import secrets
import time
from collections.abc import Iterator

import docker
import pytest
from docker.models.containers import Container

from redis_dr.tasks.engine.container import stop
from tests.support.leftovers import labels, remove_container
from tests.support.redis_server import DEFAULT_IMAGE
from tests.support.waiting import wait_until

# as a server does while it reads its configuration: for the first process of a container, a signal
# without a handler does not exist
_DEAF_AT_FIRST = 'echo deaf; sleep 2; trap "exit 7" TERM; while :; do sleep 0.1; done'
_COUNTS = 'trap "echo heard" INT; echo ready; while :; do sleep 0.1; done'


@pytest.fixture
def made() -> Iterator[list[Container]]:
    """The containers of a test, removed afterwards."""
    containers: list[Container] = []
    yield containers
    for one in containers:
        remove_container(one)


def running(
    engine: docker.DockerClient, made: list[Container], script: str, signal: str
) -> Container:
    container = engine.containers.run(
        DEFAULT_IMAGE,
        entrypoint=["sh", "-c", script],
        name=f"redis-dr-test-{secrets.token_hex(4)}",
        labels=labels(),
        stop_signal=signal,
        detach=True,
    )
    made.append(container)
    wait_until(lambda: bool(container.logs()), 20, "it has begun")
    return container


def test_a_stop_that_was_not_heard_is_asked_for_again(
    docker_client: docker.DockerClient, made: list[Container]
) -> None:
    """
    A container stopped right after its start ends by itself, not by a kill at the end of all
    patience.
    """
    container = running(docker_client, made, _DEAF_AT_FIRST, "SIGTERM")
    begun = time.monotonic()

    state = stop(str(container.name), 60)

    assert (state.status, state.exit_code) == ("exited", 7)
    assert time.monotonic() - begun < 30


def test_a_stop_signal_that_would_mean_more_when_repeated_is_given_once(
    docker_client: docker.DockerClient, made: list[Container]
) -> None:
    """
    Redis takes a second SIGINT for "without saving": it gets one, and then all the time it has.
    """
    container = running(docker_client, made, _COUNTS, "SIGINT")

    state = stop(str(container.name), 6)

    assert (state.status, state.exit_code) == ("exited", 137)
    assert container.logs().split().count(b"heard") == 1
