"""Policies applied by a server, for files that this release does not read."""

import time
from pathlib import Path

import pytest

from redis_dr.flows.runbook.operation.operation import begin_operation
from redis_dr.tasks.catalog.catalog import choose, load_catalog
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.server.target import target_of
from redis_dr.tasks.restore.download import fetch, look_inside
from redis_dr.tasks.restore.policy import apply_policy, splice_plan
from redis_dr.tasks.restore.policy_by_server import PolicyJob, filter_by_server
from redis_dr.tasks.storage.opening import open_store
from tests.support.instances import Make
from tests.support.managed_redis import fill

FIELDS = {
    "databases": {"1": {"on_restore": "empty"}},
    "keys": [
        {"pattern": "lock:{id}", "on_restore": "drop"},
        {"pattern": "queue:processing", "on_restore": "requeue:queue:pending"},
    ],
    "epochs": {"namespace": "rag:v1"},
}


def test_a_server_and_a_splice_give_the_same_content(make_redis: Make, tmp_path: Path) -> None:
    """
    The same file and policies both ways: the same content digest, database by database.
    """
    made = make_redis(fields=FIELDS)
    fill(made.server)
    client = made.server.client()
    client.mset({"lock:1": "x", "lock:": "not one", "locked:1": "nor this"})
    client.rpush("queue:processing", "a", "b", "c")
    client.rpush("queue:pending", "b", "d")
    client.set("rag:v1:global_epoch", 5)
    client.hset("rag:v1:doc_epoch", mapping={"x": 3, "y": 9})
    made.backup()
    manifest = choose(load_catalog(open_store(made.instance.store), "weka-redis"), "latest")
    source = fetch(made.instance, manifest, manifest.rdb, tmp_path / "fetched.rdb")
    now = time.time_ns() // 1_000_000
    plan = splice_plan(made.instance, manifest, RestoreOptions(), now, has_live=False)
    with source.open("rb") as live:
        assert live.read(5) == b"REDIS"
    spliced = apply_policy(source, tmp_path / "spliced.rdb", plan, source)

    with begin_operation(made.instance, "restore", "20261122T000000Z-abcdef") as operation:
        target = target_of(operation.survey.container, manifest.persistence)
        job = PolicyJob(
            operation.survey.container,
            operation.layout,
            target,
            plan,
            source,
            tmp_path / "filtered.rdb",
            manifest.memory,
        )
        filtered = filter_by_server(operation.helper, job, operation.server)

    inside = [
        look_inside(tmp_path / name, made.instance, 0) for name in ("spliced.rdb", "filtered.rdb")
    ]
    digests = [{db: one.digest for db, one in each.databases.items()} for each in inside]
    assert digests[0] == digests[1]
    counts = [
        {db: (n.written, n.dropped) for db, n in each.databases.items()}
        for each in (spliced, filtered)
    ]
    assert counts[0] == counts[1]


def test_a_backup_that_only_a_server_reads_is_restored(make_redis: Make) -> None:
    """
    A key name of 17 MB is more than this release reads: stored all the same, the policies applied
    by a server, and every key is what that server had, in the trial and in the instance.
    """
    made = make_redis("--proto-max-bulk-len", "64mb", fields=FIELDS)
    client = made.server.client()
    client.set(b"k" * 17_000_000, "value")
    client.mset({"lock:1": "stale", "plain": "there"})
    client.expire("plain", 5000)
    made.server.client(1).set("test", "data")
    report = made.backup()
    assert report.inventory_missing
    client.flushall()

    restored = made.restore()
    assert restored.ok, [one for one in restored.findings if not one.ok]
    client = made.server.client()
    assert client.dbsize() == 2
    assert client.get(b"k" * 17_000_000) == b"value"
    assert 0 < client.ttl("plain") <= 5000
    assert made.server.client(1).dbsize() == 0
    assert any("does not read" in one.detail for one in restored.findings)
    assert not restored.sampled
    compared = [one for one in restored.findings if "trial boot holds" in one.check]
    assert [one.actual for one in compared] == [2]


@pytest.mark.parametrize("image", ["redis-dr/redis:7.0", "redis-dr/redis:8.0"])
def test_servers_say_the_same_of_every_type(make_redis: Make, image: str) -> None:
    """
    Big hashes and sets, whose order differs from server to server, streams with groups, and fields
    of hashes that expire: loaded three times, compared three times, nothing differs.
    """
    made = make_redis("--proto-max-bulk-len", "64mb", image=image, fields=FIELDS)
    fill(made.server)
    client = made.server.client()
    client.set(b"k" * 17_000_000, "value")
    client.hset("big hash", mapping={f"field {n}": n for n in range(3000)})
    client.sadd("big set", *(f"member {n}" for n in range(3000)))
    client.zadd("big zset", {f"member {n}": n / 7 for n in range(3000)})
    client.rpush("big list", *(f"element {n}" for n in range(3000)))
    client.xgroup_create("stream:0", "readers", "0")
    client.xreadgroup("readers", "one", {"stream:0": ">"})
    client.set("counter", 12345)
    if image.endswith("8.0"):
        client.hpexpire("big hash", 50_000_000, "field 1", "field 2")
    made.backup()
    before = made.digest()
    client.flushall()

    report = made.restore(safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert not report.sampled
    # DB 1 is emptied by policy, so the digest of all of them is another
    assert made.digest() != before
    assert {db: one.restored for db, one in report.databases.items()} == {0: 311, 1: 0, 2: 35}


def test_other_content_of_such_a_backup_is_rolled_back(make_redis: Make) -> None:
    """
    Of a file that only a server reads, too: a changed value and a lost key without any write to
    explain them are found, and the old data returns.
    """
    made = make_redis("--proto-max-bulk-len", "64mb", fields=FIELDS)
    client = made.server.client()
    client.set(b"k" * 17_000_000, "value")
    client.mset({f"plain:{n}": "there" for n in range(50)})
    made.backup()
    client.flushall()
    client.set("only", "now")
    now = made.digest()

    def tamper() -> None:
        client = made.server.client()
        client.set("plain:1", "other content")
        client.delete("plain:2")
        client.set("in its", "place")
        client.config_resetstat()  # as if no client had written

    report = made.restore({"verifying": tamper}, safety_backup=False)
    assert report.rolled_back
    wrong = {one.check: one.detail for one in report.findings if not one.ok and one.detail}
    taken = wrong.pop("the new data was taken away as it had been placed")
    assert "start a Redis on a copy of that folder" in taken  # what was written is kept
    assert list(wrong.values()) == ["1 missing, 1 with other content"]
    assert made.digest() == now


def test_keep_of_such_a_backup_is_refused(make_redis: Make) -> None:
    """
    What would need both files read is refused before anything stops.
    """
    made = make_redis(fields={"databases": {"2": {"on_restore": "keep"}}})
    made.server.client().set(b"k" * 17_000_000, "value")
    made.backup()
    before = made.run_id()
    with pytest.raises(UsageError, match="keep"):
        made.restore()
    assert made.run_id() == before
