"""What a restore makes for its stop, it takes back: the last save, and writes that are held."""

import contextlib
import signal
from collections.abc import Callable
from functools import partial

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from redis_dr.flows.runbook.recover.recover import recover
from tests.support import engine_faults as faults
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill
from tests.support.waiting import stopped_by_itself, wait_until

NO_SAVE_NO_AOF = ("--save", "", "--appendonly", "no")


def stopped_by_a_person(made: ManagedRedis) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        made.restore({"verifying": interrupt}, safety_backup=False)


def killed(made: ManagedRedis) -> None:
    spec = faults.Spec(instance=faults.as_json(made.instance), heard="starting")
    assert faults.run(spec)[0] == -signal.SIGKILL
    assert recover(made.instance).outcome == "rolled back"


def killed_before_the_swap(made: ManagedRedis) -> None:
    spec = faults.Spec(instance=faults.as_json(made.instance), heard="swapping")
    assert faults.run(spec)[0] == -signal.SIGKILL
    assert recover(made.instance).outcome == "rolled back"


@pytest.mark.parametrize("there", [True, False], ids=["a dump", "no dump"])
@pytest.mark.parametrize("undone", [stopped_by_a_person, killed, killed_before_the_swap])
def test_a_roll_back_leaves_no_dump_that_was_not_there(
    make_redis: Make, undone: Callable[[ManagedRedis], None], *, there: bool
) -> None:
    """
    `save ""` without AOF: the roll-back brings back what was in memory, and a restart brings what
    it would have brought without the restore.
    """
    made = make_redis(*NO_SAVE_NO_AOF)
    client = made.server.client()
    if there:
        client.set("seed", "saved by a person")
        client.save()
        client.delete("seed")
    client.set("lock:ingest:1", "held")
    made.backup()
    listing = made.server.sh("cd /data && stat -c '%n %i' *.rdb 2>/dev/null || true")

    undone(made)
    client = made.server.wait_until_ready().client()
    assert client.keys() == [b"lock:ingest:1"]
    assert made.server.sh("cd /data && stat -c '%n %i' *.rdb 2>/dev/null || true") == listing
    client.delete("lock:ingest:1")
    made.server.container.restart(timeout=20)
    assert made.server.wait_until_ready().client().keys() == ([b"seed"] if there else [])


def takes_writes(made: ManagedRedis) -> bool:
    client = made.server.client(retry=Retry(NoBackoff(), 0), socket_timeout=1)
    try:
        return bool(client.set("writes", "go on"))
    except redis.RedisError:
        return False
    finally:
        client.close()


def test_writes_that_a_killed_restore_held_go_on_by_themselves(make_redis: Make) -> None:
    """
    Process 1 is a supervisor, so writes are held during the last save. kill -9 in the middle of
    it: within seconds the server takes writes again, and nobody has to do anything.
    """
    made = make_redis(
        "--appendonly",
        "no",
        entrypoint=["sh", "-c", 'while :; do redis-server "$@"; done', "start"],
    )
    fill(made.server)
    made.backup()
    spec = faults.Spec(instance=faults.as_json(made.instance), heard="stopping", fault=faults.STOP)
    restore = faults.spawn(spec)
    wait_until(partial(stopped_by_itself, restore.pid), 90, "the restore is held")
    made.server.client().config_set("rdb-key-save-delay", 100_000)  # microseconds a key: 36 s
    restore.send_signal(signal.SIGCONT)
    wait_until(lambda: not takes_writes(made), 30, "writes are held", interval=0.1)
    restore.kill()
    restore.communicate(timeout=30)
    running = made.run_id()

    wait_until(lambda: takes_writes(made), 25, "writes go on", interval=0.5)
    assert made.run_id() == running
    made.server.client().config_set("rdb-key-save-delay", 0)
    report = recover(made.instance)
    assert report.ok, report
    assert made.server.wait_until_ready().client().exists("writes")
