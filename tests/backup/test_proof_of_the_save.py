"""A backup is the save that was asked for, or there is none: what others do meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from redis_dr.flows.runbook.operation.save import ATTEMPTS
from redis_dr.tasks.catalog.catalog import choose, load_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import Refused, SaveFailed
from redis_dr.tasks.model.report import all_ok
from redis_dr.tasks.restore.download import agrees, fetch, look_inside
from redis_dr.tasks.storage.opening import open_store
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill
from tests.support.waiting import wait_until


@contextmanager
def once_saving(made: ManagedRedis, act: Callable[[], object], times: int = 1) -> Iterator[None]:
    """Do something in the middle of a BGSAVE, so many times; the saves are slowed down."""
    client = made.server.client()
    client.config_set("rdb-key-save-delay", 3000)  # microseconds a key
    over = threading.Event()

    def meddle() -> None:
        for _ in range(times):
            while not client.info("persistence")["rdb_bgsave_in_progress"]:
                if over.is_set():
                    return
            act()
            while client.info("persistence")["rdb_bgsave_in_progress"] and not over.is_set():
                continue

    thread = threading.Thread(target=meddle)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        client.config_set("rdb-key-save-delay", 0)


def stored(made: ManagedRedis) -> tuple[Manifest, ...]:
    return load_catalog(open_store(made.instance.store), made.instance.name).manifests


def test_a_flushall_in_the_middle_is_not_called_our_save(filled_redis: ManagedRedis) -> None:
    """
    FLUSHALL kills the saving child and saves the empty set over it, and all status fields say ok:
    the backup tries again and holds what is there then, and never the state in between.
    """
    client = filled_redis.server.client()

    def flush() -> None:
        client.flushall()
        client.set("after", "the flush")

    with once_saving(filled_redis, flush):
        report = filled_redis.backup()
    assert report.databases[0]["keys"] == 1
    assert report.ok


def test_flushed_at_every_attempt_there_is_no_backup(filled_redis: ManagedRedis) -> None:
    """
    When each of its saves is disturbed, the backup fails, and nothing of it stays in the store.
    """
    client = filled_redis.server.client()

    def flush() -> None:
        client.flushall()
        fill(filled_redis.server, 100)

    with once_saving(filled_redis, flush, times=9), pytest.raises(SaveFailed):
        filled_redis.backup()
    assert stored(filled_redis) == ()
    assert not list(filled_redis.store.rglob("*.zst"))
    assert filled_redis.helper_gone()


_KILL_CHILD = (
    "for p in /proc/[0-9]*; do pid=${p#/proc/}; [ $pid = 1 ] || [ $pid = $$ ] && continue; "
    "case $(cat $p/cmdline 2>/dev/null | tr '\\0' ' ') in *redis-rdb-bgsave*) kill -9 $pid;; "
    "esac; done; true"
)


def test_a_child_that_is_killed_each_time_is_a_failed_save(filled_redis: ManagedRedis) -> None:
    """
    SaveFailed; the previous dump is not passed off as the backup, and the clients go on writing.
    """
    filled_redis.server.client().execute_command("SAVE")
    kill = once_saving(filled_redis, lambda: filled_redis.server.sh(_KILL_CHILD), times=ATTEMPTS)
    with kill, pytest.raises(SaveFailed, match="stop-writes-on-bgsave-error was set to no"):
        filled_redis.backup()
    assert stored(filled_redis) == ()
    assert filled_redis.server.client().set("writes", "go on")


def test_a_child_that_is_killed_once_is_followed_by_a_good_save(filled_redis: ManagedRedis) -> None:
    """The second save is good, and so is the server's own state: it takes writes as before."""
    with once_saving(filled_redis, lambda: filled_redis.server.sh(_KILL_CHILD)):
        assert filled_redis.backup().ok
    assert filled_redis.server.client().set("writes", "go on")


def test_a_replicas_sync_is_waited_for_and_not_taken_for_ours(filled_redis: ManagedRedis) -> None:
    """
    `redis-cli --rdb` runs while the backup begins: the backup waits, saves by itself, and is whole.
    """
    filled_redis.server.client().config_set("repl-diskless-sync-delay", 0)
    filled_redis.server.client().config_set("rdb-key-save-delay", 2000)
    sync = threading.Thread(
        target=lambda: filled_redis.server.sh(
            f"redis-cli -a '{filled_redis.server.password}' --rdb /tmp/other.rdb >/dev/null 2>&1"
        )
    )
    sync.start()
    info = filled_redis.server.client().info
    wait_until(lambda: info("persistence")["rdb_bgsave_in_progress"])
    report = filled_redis.backup()
    sync.join()

    assert report.ok
    assert {db: one["keys"] for db, one in report.databases.items()} == {0: 305, 1: 35, 2: 35}


def test_a_full_disk_fails_the_gate_before_the_save(
    make_redis: Make, filled_redis: ManagedRedis
) -> None:
    """
    A save that would fill the volume would stop the clients' writes: it is not begun.
    """
    name = f"{filled_redis.server.name}-small"
    filled_redis.server.engine.volumes.create(
        name,
        driver_opts={"type": "tmpfs", "device": "tmpfs", "o": "size=2m"},
        labels={"redis-dr.test": "1"},
    )
    made = make_redis(volume=name)
    client = made.server.client()
    client.set("big", b"x" * 600_000)
    with pytest.raises(Refused, match="space"):
        made.backup()
    assert client.set("writes", "go on")


def test_an_aof_that_grows_and_is_rewritten_is_cut_where_it_was_pinned(
    filled_redis: ManagedRedis,
) -> None:
    """
    Writes and rewrites go on during the backup: base, increments and manifest are of one moment,
    the increment ends at its pinned size, and it all replays.
    """
    over = threading.Event()

    def write() -> None:
        client = filled_redis.server.client(3)
        number = 0
        while not over.is_set():
            number += 1
            client.set(f"k{number}", "v" * 100)
            if number % 400 == 0 and not client.info("persistence")["aof_rewrite_in_progress"]:
                client.bgrewriteaof()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reports = [filled_redis.backup() for _ in range(3)]
    finally:
        over.set()
        writer.join()
    assert all(one.ok and one.aof for one in reports)

    filled_redis.server.client().flushall()
    report = filled_redis.restore(backup=reports[-1].backup_id, source="aof", safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert filled_redis.server.client(3).dbsize() > 0
    assert filled_redis.server.client(0).dbsize() == 305


def test_what_is_listed_reads_back_as_the_server_had_it(filled_redis: ManagedRedis) -> None:
    """
    The stored file, fetched and looked into, is what the manifest says, key counts and digests.
    """
    report = filled_redis.backup()
    manifest = choose(load_catalog(open_store(filled_redis.instance.store), "weka-redis"), "latest")
    path = fetch(filled_redis.instance, manifest, manifest.rdb, filled_redis.store / "fetched.rdb")
    assert manifest.backup_id == report.backup_id
    assert all_ok(agrees(manifest, look_inside(path, filled_redis.instance, 0)))
