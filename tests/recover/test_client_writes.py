"""Clients write while a restore is killed: recovery loses no write that was acknowledged.

`make test` takes some of the points, `make soak` all of them (REDIS_DR_SWEEP).
"""

import os
import signal
from collections.abc import Callable, Iterator

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.cache.flush import flush
from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.cache.flush import FlushRequest
from redis_dr.tasks.model.report import Report
from tests.support import engine_faults as faults
from tests.support.client_writes import ClientWrites, keys_of, keys_set_aside, sets_aside, writing
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill, managed_redis
from tests.support.redis_server import RedisServer, recreate, start_redis

EPOCHS = "rag:v1:doc_epoch"


def killed_while(made: ManagedRedis, heard: str) -> str:
    """A restore is killed when it says this; the id of its backup. Epochs were raised before."""
    saved = made.backup().backup_id
    made.server.client().flushall()
    made.server.client().set("only", "before the restore")
    made.server.client().hset(EPOCHS, "doc", 41)
    spec = faults.Spec(instance=faults.as_json(made.instance), backup=saved, heard=heard)
    code, _ = faults.run(spec)
    assert code == -signal.SIGKILL
    return saved


def killed_while_verifying(made: ManagedRedis) -> ClientWrites:
    """A restore is killed at "verifying"; clients then write 100 keys, all acknowledged."""
    killed_while(made, "verifying")
    clients = ClientWrites(made.server)
    clients.write(100)
    return clients


def a_backup(made: ManagedRedis) -> Report:
    return backup(made.instance)


def a_flush(made: ManagedRedis) -> Report:
    request = FlushRequest(pattern="matches:nothing:*", confirm=made.instance.name)
    return flush(made.instance, request, lambda *_: made.backup())


@pytest.mark.parametrize("append_only", ["yes", "no"])
@pytest.mark.parametrize("verb", [a_backup, a_flush], ids=["backup", "flush"])
def test_the_next_operation_loses_no_write(
    make_redis: Make, verb: Callable[[ManagedRedis], Report], append_only: str
) -> None:
    """
    A restore is killed while it verifies, and clients write 100 keys. The next operation does not
    stop the server, and all 100 are there afterwards.
    """
    free = {"databases": {"0": {"flush": "free"}}}  # no backup that would have to be proven first
    made = make_redis("--appendonly", append_only, fields=free)
    fill(made.server)
    clients = killed_while_verifying(made)
    running = made.run_id()

    verb(made)
    assert clients.acknowledged <= keys_of(made.server)
    assert made.run_id() == running
    assert b"cache:0:1" in keys_of(made.server)
    assert any(b"only" in keys for keys in keys_set_aside(made.server).values())


def by_hand(server: RedisServer) -> RedisServer:
    server.container.start()
    return server.wait_until_ready()


@pytest.mark.parametrize(
    ("start", "append_only"), [(by_hand, "no"), (recreate, "yes")], ids=["by hand", "recreated"]
)
def test_writes_to_a_server_that_was_started_by_hand_stay_in_it(
    make_redis: Make, start: Callable[[RedisServer], RedisServer], append_only: str
) -> None:
    """
    A restore is killed after it placed the new data and before its start. A person starts the
    container or makes it again, and clients write 100 keys. The next backup does not stop the
    server, all 100 are in it, the epochs are raised, the old data is set aside, and the store
    holds a proof of the backup, as a restore writes it.
    """
    made = make_redis("--appendonly", append_only)
    fill(made.server)
    backup_id = killed_while(made, "starting")
    assert open_catalog(made.instance).proof_state(backup_id).word == "unproven"
    assert made.server.read_file("/data/.redis-dr/phase") == b"placed"
    server = start(made.server)
    clients = ClientWrites(server)
    clients.write(100)
    running = made.run_id()

    report = made.backup()
    assert made.run_id() == running
    assert {*clients.acknowledged, b"cache:0:1"} <= keys_of(server)
    assert int(str(server.client(decode_responses=True).hget(EPOCHS, "doc"))) > 41
    assert report.ok, report
    state = open_catalog(made.instance).proof_state(backup_id)
    assert (state.word, state.by) == ("proven", "restore"), state
    assert any(b"only" in keys for keys in keys_set_aside(server).values())
    assert recover(made.instance).outcome == "nothing to do"


def test_a_server_that_was_started_by_hand_and_not_written_to_is_rolled_back(
    make_redis: Make,
) -> None:
    """
    The same without a write: the old data comes back.
    """
    made = make_redis("--appendonly", "no")
    fill(made.server)
    killed_while(made, "starting")
    by_hand(made.server)

    report = recover(made.instance)
    assert (report.ok, report.outcome) == (True, "rolled back"), report
    assert keys_of(made.server) == {b"only", EPOCHS.encode()}


CALLS = 36  # a little more than a restore makes from its stop on (31, and 4 with epochs)


def points() -> list[tuple[int, bool]]:
    """Calls to the engine from the stop on, and whether the engine still does what is asked."""
    every = [(later, after) for later in range(CALLS) for after in (False, True)]
    return every if os.environ.get("REDIS_DR_SWEEP") else every[25::36]


@pytest.fixture(scope="module", params=["yes", "no"])
def written(
    docker_client: docker.DockerClient,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[tuple[ManagedRedis, str]]:
    """An instance with or without AOF, and the id of its backup."""
    server = start_redis(
        docker_client,
        args=[*RUNBOOK_ARGS, "--appendonly", request.param],
        restart_policy={"Name": "unless-stopped"},
    )
    try:
        fill(server, 100)
        made = managed_redis(server, tmp_path_factory.mktemp("store"))
        yield made, made.backup().backup_id
    finally:
        server.remove()


@pytest.mark.parametrize("point", points(), ids=str)
def test_killed_anywhere_each_acknowledged_write_is_found_again(
    written: tuple[ManagedRedis, str], point: tuple[int, bool]
) -> None:
    """
    A client writes all the time, a restore is killed at a call to the engine after its stop, and
    recovered: each write that the server acknowledged is in the server or in a folder on the
    volume that `recover` names, asked from a Redis that starts on a copy of it.
    """
    made, backup_id = written
    before = sets_aside(made.server)
    later, after = point
    spec = faults.Spec(
        instance=faults.as_json(made.instance),
        backup=backup_id,
        path=f"/containers/{made.server.name}/stop",
        later=later,
        after=after,
    )
    with writing(made.server) as clients:
        faults.run(spec)
        report = recover(made.instance)
    named = {line.path.rpartition("/.redis-dr/")[2] for line in report.set_aside}
    assert sets_aside(made.server) <= named
    found = keys_of(made.server).union(*keys_set_aside(made.server, before).values())
    assert clients.acknowledged
    assert clients.acknowledged <= found
    assert made.server.container.status == "running"
