"""Strike a restore at every call to the engine; `recover` then finds the old or the new, whole.

`make test` takes some of the points, `make soak` all of them (REDIS_DR_SWEEP=1,1: the strides
before and after the stop).
"""

import os
import shlex
import signal
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.restore.unfinished import unfinished_operation
from tests.support import engine_faults as faults
from tests.support.instances import DEBUG
from tests.support.managed_redis import ManagedRedis, fill, managed_redis
from tests.support.redis_server import start_redis

CALLS = 136  # a little more than a restore makes (126); what lies behind its end restores cleanly
STOP = 87  # a little before the stop (96): from here on points are taken more densely
ODD_DIR = '/data/my data/it\'s/-a/"deep"/é/place'
SWEEP = os.environ.get("REDIS_DR_SWEEP", "")


def points(stride: int, dense: int) -> list[tuple[int, bool]]:
    """(call, after it) pairs; every `stride`th before the stop, every `dense`th after it.

    Odd strides, so that both kinds of pairs come up.
    """
    every = [(at, after) for at in range(1, CALLS) for after in (False, True)]
    if SWEEP:
        stride, dense = map(int, SWEEP.split(","))
    offset = int(os.environ.get("REDIS_DR_SEED", "3"))
    early = [one for one in every if one[0] < STOP][offset % stride :: stride]
    return early + [one for one in every if one[0] >= STOP][offset % dense :: dense]


@pytest.fixture(scope="module")
def new_data(shared_redis: ManagedRedis) -> tuple[str, str]:
    """The id of a backup and the digest of what is inside."""
    fill(shared_redis.server)
    return shared_redis.backup().backup_id, shared_redis.digest()


def old_data(shared_redis: ManagedRedis) -> str:
    shared_redis.server.wait_until_ready()
    shared_redis.server.client().flushall()
    fill(shared_redis.server, 20)
    shared_redis.server.client(0).set("only", "before the restore")
    return shared_redis.digest()


def strike(
    shared_redis: ManagedRedis, backup: str, point: tuple[int, bool], fault: str
) -> tuple[int, dict[str, Any]]:
    at, after = point
    instance = faults.as_json(shared_redis.instance)
    return faults.run(
        faults.Spec(instance=instance, backup=backup, at=at, fault=fault, after=after)
    )


def behind_the_end(point: tuple[int, bool], said: dict[str, Any]) -> bool:
    """The restore was done before it came to the point."""
    return bool(said.get("ok")) and point[0] > said["calls"]


def check_whole(shared_redis: ManagedRedis, old: str, new: str) -> None:
    report = recover(shared_redis.instance)
    container = shared_redis.server.container
    assert report.ok, report
    assert container.status == "running"
    assert container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert shared_redis.digest() in {old, new}
    assert shared_redis.helper_gone()
    assert not shared_redis.server.sh("ls /data/.redis-dr/journal.json 2>/dev/null || true")
    assert recover(shared_redis.instance).outcome == "nothing to do"


@pytest.mark.parametrize("point", points(99, 19), ids=str)
def test_killed_anywhere_the_data_is_old_or_new_and_whole(
    shared_redis: ManagedRedis, new_data: tuple[str, str], point: tuple[int, bool]
) -> None:
    """
    SIGKILL before or after any call to the engine: recover leaves a running server with all of
    the old data or all of the new, and no helper.
    """
    ends = []
    for _ in range(3):  # a busy engine may fail a restore before the point: that must be whole, too
        old = old_data(shared_redis)
        code, said = strike(shared_redis, new_data[0], point, faults.KILL)
        check_whole(shared_redis, old, new_data[1])
        ends.append(said)
        if code == -signal.SIGKILL or behind_the_end(point, said):
            return
    pytest.fail(f"never struck: {ends}")


@pytest.mark.parametrize("point", points(197, 33), ids=str)
def test_whatever_call_the_engine_fails_the_data_is_old_or_new_and_whole(
    shared_redis: ManagedRedis, new_data: tuple[str, str], point: tuple[int, bool]
) -> None:
    """
    The engine refuses any one call, or does it and its answer is lost: the same holds.
    """
    old = old_data(shared_redis)
    _, said = strike(shared_redis, new_data[0], point, faults.FAIL)

    check_whole(shared_redis, old, new_data[1])
    assert said["struck"] or behind_the_end(point, said), said


@pytest.fixture(scope="module")
def odd_dir(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ManagedRedis]:
    """An instance whose data lies deep in its volume, in folders with blanks, quotes and dashes."""
    server = start_redis(docker_client, args=RUNBOOK_ARGS, restart_policy={"Name": "no"})
    deep = server
    try:
        server.sh(f"mkdir -p {shlex.quote(ODD_DIR)} && chown -R redis /data")
        server.container.remove(force=True)
        deep = start_redis(
            docker_client,
            args=[*RUNBOOK_ARGS, *DEBUG, "--dir", ODD_DIR],
            volume=str(server.volume),
            restart_policy={"Name": "unless-stopped"},
        )
        yield managed_redis(deep, tmp_path_factory.mktemp("store"))
    finally:
        deep.remove()


@pytest.mark.parametrize("place", ["/stop", "/start"])
def test_killed_with_an_odd_data_directory_it_is_found_and_recovered(
    odd_dir: ManagedRedis, place: str
) -> None:
    """
    Killed after the stop, and after the start: the look without the lock sees the journal, `check`
    names it, recover leaves the old data or the new.
    """
    fill(odd_dir.server)
    backup, new = odd_dir.backup().backup_id, odd_dir.digest()
    old = old_data(odd_dir)
    path = f"/containers/{odd_dir.server.name}{place}"
    instance = faults.as_json(odd_dir.instance)
    code, _ = faults.run(faults.Spec(instance=instance, backup=backup, path=path, after=True))
    assert code == -signal.SIGKILL
    left = unfinished_operation(odd_dir.instance)
    assert "is dead" in left
    for container in odd_dir.server.helpers():
        odd_dir.server.engine.api.remove_container(container, force=True)
    assert f"{ODD_DIR}/.redis-dr/journal.json" in unfinished_operation(odd_dir.instance)

    report = recover(odd_dir.instance)
    assert report.ok, report
    assert report.outcome == "rolled back"
    assert odd_dir.digest() in {old, new}
    assert unfinished_operation(odd_dir.instance) == ""
    assert odd_dir.helper_gone()


def test_a_container_that_is_down_is_never_good(odd_dir: ManagedRedis) -> None:
    """
    Nothing was left half done, and the container is down: recover is bad and says what to do.
    """
    odd_dir.server.container.stop()
    try:
        report = recover(odd_dir.instance)
    finally:
        odd_dir.server.container.start()
    assert report.exit_code == 1
    (bad,) = (finding for finding in report.findings if not finding.ok)
    assert bad.actual == "exited"
    assert f"docker start {odd_dir.server.name}" in bad.detail
