"""Every request that a backup and a restore send to S3 is broken once, in turn.

Whatever the catalog lists restores byte for byte, and the instance is as it was or as it should be.
`REDIS_DR_SWEEP=full` takes every request with every fault; else some, another part for each seed.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.catalog.verify import verify_backup
from redis_dr.tasks.model.errors import Damaged, RedisDrError, StoreError
from redis_dr.tasks.storage.opening import open_store
from tests.support.engine_faults import as_json
from tests.support.fault_proxy import Fault
from tests.support.managed_redis import ManagedRedis, fill, managed_redis
from tests.support.nth_request import NthRequest
from tests.support.redis_server import start_redis
from tests.support.s3_server import S3Server
from tests.support.stores import s3_settings, uploads
from tests.support.waiting import wait_until

FULL = os.environ.get("REDIS_DR_SWEEP") == "full"
SEED = int(os.environ.get("REDIS_DR_SEED", "0"))
DEBUG = ("--enable-debug-command", "yes")  # for DEBUG DIGEST, the server's own word on its content
PASSING = (
    Fault("reset"),
    Fault("http", status=503),
    Fault("cut_up", after=40),
    Fault("cut_down", after=10),
    Fault("blackhole"),
)
STAYING = (
    Fault("http", status=403, code="AccessDenied"),
    Fault("http", status=404, code="NoSuchBucket"),
    Fault("flip", after=450),
)
LASTING = (Fault("http", status=503), Fault("refuse"))  # from that request on, until it is healed
FAULTS = (*PASSING, *STAYING, *LASTING)


@dataclass
class Rig:
    """A Redis whose store lies behind a proxy."""

    proxy: NthRequest
    server: S3Server
    bucket: str
    near: ManagedRedis
    far: ManagedRedis


@pytest.fixture(scope="module")
def rig(
    docker_client: docker.DockerClient,
    s3_server: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rig]:
    """One for all rounds: starting a container costs more than a round."""
    redis = start_redis(docker_client, args=[*RUNBOOK_ARGS, *DEBUG])
    folder = tmp_path_factory.mktemp("unused")
    with pytest.MonkeyPatch.context() as environment, NthRequest(s3_server.port) as proxy:
        for name, value in s3_server.environment.items():
            environment.setenv(name, value)
        bucket = s3_server.new_bucket()
        near = s3_settings(s3_server, bucket)
        far = near.model_copy(
            update={"endpoint_url": f"http://127.0.0.1:{proxy.port}", "timeout_seconds": 0.5}
        )
        fill(redis)
        options = {"safety_backup": False, "trial": False, "lease_seconds": 10}
        made = managed_redis(redis, folder, restore=options)
        managed_servers = [
            replace(made, instance=made.instance.model_copy(update={"store": how}))
            for how in (near, far)
        ]
        try:
            yield Rig(proxy, s3_server, bucket, *managed_servers)
        finally:
            redis.remove()


def _listed(rig: Rig, *, swept: bool = False) -> int:
    """Whatever is listed is whole and verifies, and no upload is open; gives how many.

    Who lost the store for good cannot abort an upload: prune's sweep does.
    """
    rig.proxy.heal()
    store = open_store(rig.near.instance.store)
    if swept:
        store.sweep(datetime.now(UTC), apply=True)
    catalog = load_catalog(store, rig.near.instance.name)
    assert dict(catalog.unreadable) == {}
    for made in catalog.manifests:
        findings = verify_backup(store, made)
        assert all(one.ok for one in findings), findings
    assert uploads(rig.server, rig.bucket) == []
    return len(catalog.manifests)


def _empty(rig: Rig) -> None:
    store = open_store(rig.near.instance.store)
    for found in list(store.list("")):
        store.delete(found.key)


def _sent(rig: Rig, operation: str) -> int:
    """How many requests it sends when nothing breaks."""
    rig.proxy.arm(0, Fault("reset"))
    if operation == "backup":
        rig.far.backup()
    else:
        rig.far.restore()
    return rig.proxy.requests


BACKUP, RESTORE = 13, 12  # requests when nothing breaks


def _rounds(requests: int, stride: int) -> list[tuple[int, int]]:
    """Which request, which of FAULTS: the same fault may pass or last."""
    every = [(at, number) for at in range(1, requests + 1) for number in range(len(FAULTS))]
    some = range(1 + SEED % stride, requests + 1, stride)
    turn = [(at, (number + SEED) % len(FAULTS)) for number, at in enumerate(some)]
    return every if FULL else turn


def _armed(rig: Rig, at: int, number: int) -> bool:
    """Strike that request; gives whether all after it are struck, too."""
    lasts = number >= len(FAULTS) - len(LASTING)
    rig.proxy.arm(at, FAULTS[number], onward=lasts)
    return lasts


def test_the_counts_are_right(rig: Rig) -> None:
    """The sweeps below reach every request."""
    _empty(rig)
    assert {"backup": _sent(rig, "backup"), "restore": _sent(rig, "restore")} == {
        "backup": BACKUP,
        "restore": RESTORE,
    }


@pytest.mark.parametrize(("at", "number"), _rounds(BACKUP, 4))
def test_a_backup_over_one_broken_request(rig: Rig, at: int, number: int) -> None:
    """
    A fault that passes is tried again and the backup succeeds; another ends it with exit code 5 or
    6. Either way what is listed is whole, and Redis is untouched.
    """
    _empty(rig)
    before = rig.near.digest()
    lasts = _armed(rig, at, number)
    error = _error(rig.far.backup)
    assert rig.proxy.struck

    assert _listed(rig, swept=lasts) == (error is None)
    assert rig.near.digest() == before
    assert rig.near.helper_gone()
    _judge(error, number)


@pytest.mark.parametrize(("at", "number"), _rounds(RESTORE, 3))
def test_a_restore_over_one_broken_request(rig: Rig, at: int, number: int) -> None:
    """
    A fault that passes is tried again and the restore succeeds; another ends it with exit code 5
    or 6, and the instance still holds what it held.
    """
    _empty(rig)
    wanted = rig.near.digest()
    rig.near.backup()
    rig.near.server.client(0).set("since", "the backup")
    before = rig.near.digest()
    _armed(rig, at, number)
    error = _error(rig.far.restore)
    assert rig.proxy.struck

    assert rig.near.digest() == (before if error else wanted)
    assert _listed(rig) == 1
    assert rig.near.helper_gone()
    rig.near.server.client(0).delete("since")
    _judge(error, number)


def _error(operation: Callable[[], object]) -> RedisDrError | None:
    try:
        operation()
    except RedisDrError as error:
        return error
    return None


def _judge(error: RedisDrError | None, number: int) -> None:
    if number < len(PASSING):
        assert error is None, error
    if error is not None:
        assert isinstance(error, StoreError | Damaged), error
        assert error.exit_code in {5, 6}
        assert error.remedy


BACK_UP = """
import sys
from redis_dr.flows.runbook.backup import backup
from redis_dr.tasks.model.settings.instance import Instance
backup(Instance.model_validate_json(sys.argv[1]))
"""
KILLED = range(1, BACKUP + 1) if FULL else range(2 + SEED % 5, BACKUP + 1, 5)


@pytest.mark.parametrize("at", KILLED)
def test_a_backup_killed_at_a_request(rig: Rig, at: int) -> None:
    """
    SIGKILL when the request arrives: nothing half is listed, the next backup settles what the dead
    one left on the instance and succeeds, and a sweep takes what is left in the store.
    """
    _empty(rig)
    before = rig.near.digest()
    command = [sys.executable, "-c", BACK_UP, as_json(rig.far.instance)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rig.proxy.arm(at, process.kill)
    assert process.wait(120) == -signal.SIGKILL
    rig.proxy.heal()

    store = open_store(rig.near.instance.store)
    catalog = load_catalog(store, rig.near.instance.name)
    assert (catalog.manifests, dict(catalog.unreadable)) == ((), {})
    wait_until(lambda: _error(rig.near.backup) is None, 60, "the dead one's lease ends")
    store.sweep(datetime.now(UTC), apply=True)
    assert _listed(rig) >= 1
    assert rig.near.digest() == before
    assert rig.near.helper_gone()
