"""An engine that never answers one call: the restore ends by itself, with the old data or the new.

`make test` takes some of the calls, REDIS_DR_SWEEP=1,1 (`make soak`) all of them.
"""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.recover.recover import recover
from tests.support import engine_faults as faults
from tests.support.instances import DEBUG
from tests.support.managed_redis import ManagedRedis, fill, managed_redis
from tests.support.redis_server import start_redis
from tests.support.waiting import wait_until

ALL = bool(os.environ.get("REDIS_DR_SWEEP"))  # read now: tests see a clean environment
AT_ONCE = 5  # instances: what is measured is waiting, which costs nothing
BOUND = 200.0  # seconds for a whole restore; one silence is 30 or 60 of them
LEASE = 20  # seconds
# (so many calls after the mark, whether the engine did it before it fell silent)
Point = tuple[int, bool]
# the stop, the swap not begun and done, the word that it is proven, the journal's end
EXCHANGE: tuple[Point, ...] = ((8, False), (13, False), (13, True), (32, False), (36, True))
# the look at the journal, the stop, the undo not begun and done, the journal's end
BACK: tuple[Point, ...] = ((2, False), (10, True), (15, False), (15, True), (28, True))
CALLS = 40  # of an exchange, and of a way back


def points(some: tuple[Point, ...]) -> Sequence[Point]:
    """The chosen ones, or all."""
    if ALL:
        return [(at, after) for at in range(1, CALLS) for after in (False, True)]
    return some


@pytest.fixture(scope="module")
def managed_servers(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[ManagedRedis, str, str]]]:
    """Instances with their backup and the digest of what is inside."""
    made = []
    try:
        for _ in range(AT_ONCE):
            server = start_redis(
                docker_client,
                args=[*RUNBOOK_ARGS, *DEBUG],
                restart_policy={"Name": "unless-stopped"},
            )
            restore = {"lease_seconds": LEASE}
            one = managed_redis(server, tmp_path_factory.mktemp("store"), restore=restore)
            fill(server)
            made.append((one, one.backup().backup_id, one.digest()))
        yield made
    finally:
        for one, _, _ in made:
            one.server.remove()


def strike(one: tuple[ManagedRedis, str, str], spec: dict[str, Any]) -> str:
    """What is wrong afterwards; nothing, if all is well."""
    made, backup, new = one
    made.server.wait_until_ready()
    made.server.client().flushall()
    fill(made.server, 20)
    old, begun = made.digest(), time.monotonic()
    asked = {**spec, "path": spec["path"].format(name=made.server.name)}
    instance = faults.as_json(made.instance)
    code, said = faults.run(faults.Spec(instance=instance, backup=backup, **asked), BOUND)
    took = f"{time.monotonic() - begun:.0f} s"
    print(spec["path"], spec["then"], spec["after"], took, said)
    # those whose removal was not answered end with their lease
    wait_until(lambda: not made.server.helpers(running=True), LEASE + 15, "the helper is gone")
    container = made.server.container
    ends = {
        "the fault struck": said.get("struck") and (said["swallowed"] or said.get("ok")),
        "it ended": code == 0,
        "running": container.status == "running",
        "policy": container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped",
        "old or new": container.status == "running" and made.digest() in {old, new},
        "no journal": not made.server.sh("ls /data/.redis-dr/journal.json 2>/dev/null || true"),
    }
    ends["nothing was left to settle"] = recover(made.instance).outcome == "nothing to do"
    ends["no helper"] = made.helper_gone()
    wrong = [what for what, so in ends.items() if not so]
    return f"{spec}: not {wrong}: {said}" if wrong else ""


def sweep(
    managed_servers: list[tuple[ManagedRedis, str, str]], specs: list[dict[str, Any]]
) -> list[str]:
    """Each instance takes its share of the points."""

    def share(number: int) -> list[str]:
        return [strike(managed_servers[number], spec) for spec in specs[number::AT_ONCE]]

    with ThreadPoolExecutor(AT_ONCE) as workers:
        return [wrong for some in workers.map(share, range(AT_ONCE)) for wrong in some if wrong]


def test_an_exchange_whose_one_call_is_never_answered_ends_by_itself(
    managed_servers: list[tuple[ManagedRedis, str, str]],
) -> None:
    """
    From the first change on the container to the end: the engine lets any one call wait for ever.
    """
    specs = [
        {"path": "/update", "fault": faults.PASS, "then": at, "after": after}
        for at, after in points(EXCHANGE)
    ]
    assert sweep(managed_servers, specs) == []


def test_a_way_back_whose_one_call_is_never_answered_comes_to_its_end(
    managed_servers: list[tuple[ManagedRedis, str, str]],
) -> None:
    """
    The start of the new data fails, and on the way back the engine lets any one call wait for ever.
    """
    specs = [
        {"path": "{name}/start", "fault": faults.FAIL, "then": at, "after": after}
        for at, after in points(BACK)
    ]
    assert sweep(managed_servers, specs) == []
