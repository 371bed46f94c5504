"""Policies applied by a server, for files that this release does not read."""

import time
from pathlib import Path

import pytest

from flows.runbook.hold import holding
from tasks.catalog import choose, load_catalog
from tasks.fetching import fetch, look_inside
from tasks.filtering import Filtering, filter_by_server
from tasks.model.errors import UsageError
from tasks.model.restore_options import RestoreOptions
from tasks.model.target import target_of
from tasks.splicing import apply_policy, splice_plan
from tasks.storage.opening import open_store
from tests.support.estate import fill
from tests.support.instances import Make

FIELDS = {
    "databases": {"1": {"on_restore": "empty"}},
    "keys": [
        {"pattern": "lock:{id}", "on_restore": "drop"},
        {"pattern": "queue:processing", "on_restore": "requeue:queue:pending"},
    ],
    "epochs": {"namespace": "rag:v1"},
}


def test_a_server_and_a_splice_give_the_same_content(make_estate: Make, tmp_path: Path) -> None:
    """
    The same file and policies both ways: the same content digest, database by database.
    """
    made = make_estate(fields=FIELDS)
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
    plan = splice_plan(made.instance, manifest, RestoreOptions(), (now, False))
    with source.open("rb") as live:
        assert live.read(5) == b"REDIS"
    spliced = apply_policy(source, tmp_path / "spliced.rdb", plan, source)

    with holding(made.instance, "test", "20261122T000000Z-abcdef") as held:
        target = target_of(held.found.container, manifest.persistence)
        asked = Filtering(
            held.found.container, held.layout, target, plan, source, tmp_path / "filtered.rdb"
        )
        filtered = filter_by_server(held.hands, asked, made.instance)

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


def test_a_backup_that_only_a_server_reads_is_restored(make_estate: Make) -> None:
    """
    A key name of 17 MB is more than this release reads: stored all the same, the policies applied
    by a server, counted before and after, and the content is the server's.
    """
    made = make_estate("--proto-max-bulk-len", "64mb", fields=FIELDS)
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


def test_keep_of_such_a_backup_is_refused(make_estate: Make) -> None:
    """
    What would need both files read is refused before anything stops.
    """
    made = make_estate(fields={"databases": {"2": {"on_restore": "keep"}}})
    made.server.client().set(b"k" * 17_000_000, "value")
    made.backup()
    before = made.run_id()
    with pytest.raises(UsageError, match="keep"):
        made.restore()
    assert made.run_id() == before
