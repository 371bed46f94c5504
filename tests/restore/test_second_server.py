"""Another container begins to run on the data directory in the middle of a restore.

`make test` takes some of the moments, REDIS_DR_SWEEP=1,1 (`make soak`) every call to the engine.
"""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
import requests
from docker.models.containers import Container

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.engine.shell import Script, Session
from redis_dr.tasks.restore.second_server import SecondServer
from tests.support.leftovers import labels, remove_container
from tests.support.managed_redis import ManagedRedis, changed, fill

ALL = bool(os.environ.get("REDIS_DR_SWEEP"))  # read now: tests see a clean environment
CALLS = 33  # a little more than an exchange makes
# counted from the stop of the container: before the swap, and right before the last look
SOME = (1, 23)


@pytest.fixture(scope="module")
def rival(shared_redis: ManagedRedis, docker_client: docker.DockerClient) -> Iterator[Container]:
    """A container on the same volume whose command is that of a server; it writes nothing."""
    container = docker_client.containers.create(
        shared_redis.server.image,
        entrypoint=["sh", "-c", "sleep 600", "redis-server"],
        command=[],
        name=f"{shared_redis.server.name}-second",
        volumes={str(shared_redis.server.volume): {"bind": "/data"}},
        labels=labels(),
    )
    yield container
    remove_container(container)


class _Door:
    """Counts the calls of the main thread from the stop on, and lets the second one appear."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.at, self.act, self.plain = at, act, requests.Session.send
        self.calls, self.last_look = 0, 0

    def method(self) -> Any:
        def send(session: requests.Session, request: Any, **options: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return self.plain(session, request, **options)
            stops = request.method == "POST" and "/stop?" in request.path_url
            self._count(stops=stops)
            if "/containers/json" in request.path_url:
                self.last_look = self.calls
            return self.plain(session, request, **options)

        return send

    def shell_method(self) -> Any:
        """A script in a shell that runs is a call, too."""
        plain = Session.run

        def run(session: Session, script: Script, seconds: float) -> tuple[int, str]:
            if threading.current_thread() is threading.main_thread():
                self._count(stops=False)
            return plain(session, script, seconds)

        return run

    def _count(self, *, stops: bool) -> None:
        self.calls += bool(self.calls or stops)
        if self.calls == self.at:
            self.act()


def _error(act: Callable[[], object]) -> SecondServer | None:
    try:
        act()
    except SecondServer as error:
        return error
    return None


@pytest.mark.parametrize("at", range(1, CALLS) if ALL else SOME)
def test_whenever_a_second_server_appears_the_data_stays_whole(
    shared_redis: ManagedRedis, rival: Container, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """
    It begins to run on the volume at any call of the exchange: the restore ends red and names it,
    our server does not run beside it, and once it is gone `recover` serves the old data or the new.
    """
    shared_redis.server.wait_until_ready()
    shared_redis.server.client().flushall()
    fill(shared_redis.server)
    saved, now = changed(shared_redis)
    door = _Door(at, rival.start)
    with monkeypatch.context() as patched:
        patched.setattr(requests.Session, "send", door.method())
        patched.setattr(Session, "run", door.shell_method())
        error = _error(lambda: shared_redis.restore(safety_backup=False, trial=False))
    if error is None:
        assert at > door.last_look, f"not noticed by the look at call {door.last_look}"
        rival.kill()
        return
    assert rival.name in error.problem
    assert shared_redis.server.container.status == "exited"
    with pytest.raises(SecondServer, match=str(rival.name)):
        recover(shared_redis.instance)
    assert shared_redis.server.container.status == "exited"

    rival.kill()
    rival.wait()
    assert recover(shared_redis.instance).ok
    assert shared_redis.digest() in {saved, now}
    assert shared_redis.helper_gone()
    policy = shared_redis.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"]
    assert policy == "unless-stopped"
