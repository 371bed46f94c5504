"""Refusals of the engine that pass by themselves are waited for, wherever they come."""

from collections.abc import Callable
from pathlib import Path

import docker
import pytest
import requests

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.tasks.engine import patience
from redis_dr.tasks.engine.container import set_restart_policy
from redis_dr.tasks.engine.patience import (
    answer_was_lost,
    may_repeat,
    passes_by_itself,
    patiently,
)
from tests.support import engine_faults as faults
from tests.support.managed_redis import fill, managed_redis
from tests.support.redis_server import RedisServer


def answer(status: int, text: str = "") -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = text.encode()
    return made


@pytest.mark.parametrize(
    ("status", "text", "passes"),
    [
        (500, "Cannot update container 1f: runc did not terminate successfully: exit 1", True),
        (500, "Cannot update container 1f: cannot update a deleted process: unknown", True),
        (409, "Container 1f is restarting, wait until the container is running", True),
        (409, "removal of container redis is already in progress", True),
        (500, "unlinkat /var/lib/docker: device or resource busy", True),
        (500, "driver failed: listen tcp4 0.0.0.0:6379: bind: address already in use", True),
        (503, "", True),
        (409, 'Conflict. The container name "/a.redis-dr" is already in use by container', False),
        (409, "container 1f is not running", False),
        (404, "No such container: redis", False),
        (400, "invalid restart policy", False),
        (500, "OCI runtime create failed: exec: no such file", False),
        (200, "is already in progress", False),
    ],
)
def test_a_refusal_passes_or_lasts(status: int, text: str, passes: bool) -> None:
    """As dockerd words them. A name that is taken is a lock: nobody waits for it here."""
    assert passes_by_itself(status, text) == passes


@pytest.mark.parametrize(
    ("method", "path", "may"),
    [
        ("GET", "/v1.48/containers/a/json", True),
        ("DELETE", "/v1.48/containers/a?force=1", True),
        ("POST", "/v1.48/containers/a/update", True),
        ("POST", "/v1.48/containers/a/start", True),
        ("POST", "/v1.48/containers/a/exec", True),
        ("POST", "/v1.48/exec/e/start", False),
        ("POST", "/v1.48/containers/a/stop?t=120", False),
        ("POST", "/v1.48/containers/a/restart", False),
        ("POST", "/v1.48/containers/create?name=a", False),
        ("PUT", "/v1.48/containers/a/archive?path=/", False),
    ],
)
def test_only_what_does_no_more_when_done_twice_is_repeated_blindly(
    method: str, path: str, may: bool
) -> None:
    """After an answer that was lost, nobody knows whether it was done."""
    assert may_repeat(method, path) == may


def test_an_engine_that_is_away_is_not_waited_for() -> None:
    """A refused connection, and silence, have their own handling."""
    assert answer_was_lost(requests.ConnectionError("('Connection aborted.', ...)"))
    assert not answer_was_lost(requests.ConnectionError("Connection refused"))
    assert not answer_was_lost(requests.ReadTimeout("Read timed out."))


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal that does not pass is given to the caller in the end, as it is."""
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.5)
    tries = []

    def send() -> requests.Response:
        tries.append(1)
        return answer(500, "runc did not terminate successfully")

    assert patiently(send, "POST", "/containers/a/update").status_code == 500
    assert len(tries) > 1


def test_a_restore_whose_every_call_is_refused_once_succeeds(
    redis_factory: Callable[..., RedisServer], tmp_path: Path
) -> None:
    """
    Each call of the whole restore is first refused as a busy engine refuses, or its connection
    breaks: the restore comes to its end, proven, with nothing of ours left.
    """
    server = redis_factory(
        args=[*RUNBOOK_ARGS, "--enable-debug-command", "yes"],
        restart_policy={"Name": "unless-stopped"},
    )
    made = managed_redis(server, tmp_path / "store")
    fill(server, 50)
    backup, saved = made.backup().backup_id, made.digest()
    server.client().flushall()
    spec = faults.Spec(instance=faults.as_json(made.instance), backup=backup, fault=faults.REFUSE)
    code, said = faults.run(spec, 300)

    assert (code, said.get("ok"), said.get("rolled_back")) == (0, True, False), said
    kinds = {call.rpartition("/")[2].partition("?")[0] for call in said["refused"]}
    assert {"update", "stop", "start", "create", "json", "exec"} <= kinds
    assert made.digest() == saved
    assert made.helper_gone()
    policy = server.container.attrs["HostConfig"]["RestartPolicy"]["Name"]
    assert policy == "unless-stopped"


def test_a_container_in_a_restart_loop_takes_a_restart_policy(
    docker_client: docker.DockerClient, redis_factory: Callable[..., RedisServer]
) -> None:
    """The real thing: a server that dies at once, 20 changes of its policy, none refused."""
    looping = redis_factory(
        args=["--no-such-option", "1"], wait=False, restart_policy={"Name": "always"}
    )
    for number in range(20):
        set_restart_policy(looping.name, "always" if number % 2 else "unless-stopped")
