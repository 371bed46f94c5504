"""What a restored database may contain, from the configuration to the running server."""

import contextlib
import threading
import time

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from redis_dr.flows.runbook.restore.restore import plan_restore
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis

KEEP_SESSIONS = {"databases": {"1": {"on_restore": "empty"}, "2": {"on_restore": "keep"}}}
RULES = {
    "keys": [
        {"pattern": "lock:{id}", "on_restore": "drop"},
        {"pattern": "live:{id}", "on_restore": "keep"},
        {"pattern": "queue:processing", "on_restore": "requeue:queue:pending"},
    ],
    "epochs": {"namespace": "rag:v1"},
}


def all_keys(made: ManagedRedis, db: int = 0) -> set[bytes]:
    return set(made.server.client(db).keys("*"))


@pytest.mark.parametrize("safety_backup", [True, False], ids=["safety", "no safety"])
def test_databases_are_restored_emptied_and_kept(make_redis: Make, safety_backup: bool) -> None:
    """
    DB 0 comes from the backup, DB 1 is empty, DB 2 holds what people did after the backup: with a
    safety backup and without one.
    """
    made = make_redis(fields=KEEP_SESSIONS)
    for db in range(3):
        made.server.client(db).set("from", "the backup")
    made.backup()
    for db in range(3):
        made.server.client(db).flushdb()
        made.server.client(db).set("made", "later", ex=5000)

    report = made.restore(safety_backup=safety_backup)
    assert report.ok, [one for one in report.findings if not one.ok]
    reason = "[databases.1]: on_restore = empty"
    assert report.model_dump()["lost"] == {1: {"*": {"keys": 1, "durable": 1, "reason": reason}}}
    assert all_keys(made, 0) == {b"from"}
    assert all_keys(made, 1) == set()
    assert all_keys(made, 2) == {b"made"}
    assert 0 < made.server.client(2).ttl("made") <= 5000
    assert (report.safety_backup_id is not None) == safety_backup


def test_key_rules_drop_keep_and_requeue(make_redis: Make) -> None:
    """
    Locks go, `keep` keys are the live ones, and what was being processed goes in front of what was
    pending: in order, nothing twice, nothing lost.
    """
    made = make_redis(fields=RULES)
    client = made.server.client()
    client.set("lock:1", "stale")
    client.set("live:1", "old")
    client.set("plain", "restored")
    client.rpush("queue:processing", "a", "b", "c")
    client.rpush("queue:pending", "b", "d", "e")
    made.backup()
    client.set("live:1", "new")
    client.set("live:2", "newer")
    client.set("lock:2", "of a dead process")
    client.delete("plain", "queue:pending")
    client.mset({f"later:{number}": number for number in range(10)})

    plan = plan_restore(made.instance, RestoreOptions())
    locks = {"lock:{id}": {"keys": 1, "durable": 1, "reason": "its rule: on_restore = drop"}}
    assert plan.model_dump()["lost"] == {0: locks}
    report = made.restore()
    assert report.lost == plan.lost
    client = made.server.client()
    assert report.ok, [one for one in report.findings if not one.ok]
    assert all_keys(made) == {b"live:1", b"live:2", b"plain", b"queue:pending"}
    assert client.mget("live:1", "live:2") == [b"new", b"newer"]
    pending = client.lrange("queue:pending", 0, -1)
    assert sorted(pending) == [b"a", b"b", b"c", b"d", b"e"]
    assert pending.index(b"a") < pending.index(b"c") < pending.index(b"d") < pending.index(b"e")
    assert report.databases[0].dropped == 3


def test_epochs_end_above_both_sides(make_redis: Make) -> None:
    """
    Whatever the epochs were in the backup and on the server, afterwards they are higher than both.
    """
    made = make_redis(fields=RULES)
    client = made.server.client()
    client.set("rag:v1:global_epoch", 5)
    client.hset("rag:v1:doc_epoch", mapping={"x": 3, "y": 9})
    made.backup()
    client.set("rag:v1:global_epoch", 7)
    client.hset("rag:v1:doc_epoch", mapping={"x": 8, "z": 2})
    client.hdel("rag:v1:doc_epoch", "y")

    assert made.restore().ok
    client = made.server.client()
    assert int(client.get("rag:v1:global_epoch") or 0) > 7
    epochs = {name: int(value) for name, value in client.hgetall("rag:v1:doc_epoch").items()}
    assert epochs[b"x"] > 8
    assert epochs[b"y"] > 9
    assert epochs[b"z"] > 2


def test_expiries_are_absolute_unless_rebased(make_redis: Make) -> None:
    """
    `absolute` lets a key die when it was to die; `rebase` gives it the time it had left.
    """
    made = make_redis()
    client = made.server.client()
    client.set("soon", "gone", px=2500)
    client.set("later", "there", ex=1000)
    made.backup()
    due = client.pexpiretime("later")
    client.flushall()
    time_left = 3.0
    deadline = time.monotonic() + time_left
    while time.monotonic() < deadline:
        client.ping()

    absolute = made.restore(trial=False)
    assert absolute.ok, [one for one in absolute.findings if not one.ok]
    assert all_keys(made) == {b"later"}
    assert made.server.client().pexpiretime("later") == due

    rebased = made.restore(ttl="rebase", trial=False)
    assert rebased.ok
    assert made.server.client().pexpiretime("later") > due + time_left * 1000


def test_of_a_dead_server_nothing_is_kept(make_redis: Make) -> None:
    """
    A server that does not answer has no live data: `keep` leaves its database empty rather than
    taking stale sessions from the backup.
    """
    made = make_redis(fields=KEEP_SESSIONS)
    for db in (0, 2):
        made.server.client(db).set("from", "the backup")
    made.backup()
    made.server.container.stop()

    report = made.restore()
    assert report.ok, [one for one in report.findings if not one.ok]
    assert all_keys(made, 0) == {b"from"}
    assert all_keys(made, 2) == set()
    assert report.safety_backup_id is None


@pytest.mark.parametrize("args", [(), ("--appendonly", "no")], ids=["aof", "rdb"])
def test_epochs_raised_while_the_restore_was_prepared_are_not_lost(
    make_redis: Make, args: tuple[str, ...]
) -> None:
    """
    A writer that raises epochs all the time: afterwards each is above the last value that the
    writer was told before the stop, also one that did not exist at the safety backup.
    """
    made = make_redis(*args, fields=RULES)
    client = made.server.client()
    client.set("rag:v1:global_epoch", 5)
    client.hset("rag:v1:doc_epoch", mapping={"x": 3})
    made.backup()
    told: dict[str, int] = {}

    def bump_until_the_server_goes() -> None:
        writer = made.server.client(retry=Retry(NoBackoff(), 0))
        with contextlib.suppress(redis.RedisError):
            while True:
                told["global"] = writer.incr("rag:v1:global_epoch")
                for name in ("x", "new"):
                    told[name] = writer.hincrby("rag:v1:doc_epoch", name)

    bumping = threading.Thread(target=bump_until_the_server_goes)
    report = made.restore({"stopping": bumping.start})
    bumping.join(60)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert told["global"] > 6
    assert int(client.get("rag:v1:global_epoch") or 0) > told["global"]
    epochs = {name: int(value) for name, value in client.hgetall("rag:v1:doc_epoch").items()}
    assert epochs[b"x"] > told["x"]
    assert epochs[b"new"] > told["new"]
