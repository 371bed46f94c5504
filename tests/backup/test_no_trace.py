"""A backup changes nothing of what a restart brings, and nothing of what the server accepts."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redis_dr import api
from redis_dr.flows.runbook.operation import save as saving
from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.flows.runbook.restore.restore import restore
from redis_dr.tasks.model.cache.flush import FlushRequest
from redis_dr.tasks.model.errors import Refused, SaveFailed
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from tests.backup.test_proof_of_the_save import once_saving
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis
from tests.support.redis_server import PASSWORD
from tests.support.waiting import wait_until

NO_SAVE, NO_AOF = ("--save", ""), ("--appendonly", "no")
_LISTING = "cd /data && find . -type f -exec stat -c '%n %i %s %y' {} + | sort"
_AFTER_BACKUP = {"databases": {"0": {"flush": "after-backup"}}}


def listing(made: ManagedRedis) -> set[str]:
    """Every file of the volume: name, inode, size, time."""
    return set(made.server.sh(_LISTING).splitlines())


def interrupted_restore(made: ManagedRedis, **options: Any) -> None:
    """Everything that a restore saves is saved; then a person stops it before the server stops."""

    def heard(text: str, _done: float | None = None, /) -> None:
        if text.startswith("trial boot"):
            raise KeyboardInterrupt

    chosen = RestoreOptions(confirm=made.instance.name, **options)
    with contextlib.suppress(KeyboardInterrupt):
        restore(made.instance, chosen, lambda _plan: True, heard)
    recover(made.instance)


def flush_nothing(made: ManagedRedis) -> None:
    """What `flush` does before it removes keys: a backup and its drill."""
    request = FlushRequest(pattern="nothing:*", confirm=made.instance.name)
    assert api.flush(made.instance, request).backup_taken


VERBS: dict[str, Callable[[ManagedRedis], object]] = {
    "flush": flush_nothing,
    "backup": ManagedRedis.backup,
    "restore": interrupted_restore,
    "restore without a safety backup": lambda made: interrupted_restore(made, safety_backup=False),
}


@pytest.mark.parametrize(
    ("aof", "there", "verbs"),
    [(False, False, list(VERBS)), (True, True, ["backup", "restore"])],
    ids=["no AOF, no dump", "AOF, a dump"],
)
def test_without_save_points_no_verb_changes_a_file_of_the_server(
    make_redis: Make, *, aof: bool, there: bool, verbs: list[str]
) -> None:
    """No dump.rdb appears, and one that was there is the very file afterwards (its inode)."""
    made = make_redis(*NO_SAVE, *(() if aof else NO_AOF), fields=_AFTER_BACKUP)
    client = made.server.client()
    client.set("key", "value")
    if there:
        client.save()
    client.set("lock:ingest:1", "held")
    for name in verbs:
        before = {line for line in listing(made) if "appendonly" not in line}
        VERBS[name](made)
        after = {line for line in listing(made) if "appendonly" not in line}
        assert after == before, name
    assert any("dump.rdb" in line for line in before) == there


def test_with_save_points_only_the_servers_own_dump_is_written(make_redis: Make) -> None:
    """The server takes our save for its own, so it stays; no other file appears or changes."""
    made = make_redis(*NO_AOF, fields=_AFTER_BACKUP)
    made.server.client().set("key", "value")
    for name in ("backup", "restore without a safety backup"):
        before = listing(made)
        VERBS[name](made)
        changed = listing(made) ^ before
        assert {line.split()[0] for line in changed} <= {"./dump.rdb"}, name
    made.server.container.kill()
    made.server.container.start()
    assert made.server.wait_until_ready().client().get("key") == b"value"


def test_a_lock_that_was_deleted_after_the_backup_stays_deleted(make_redis: Make) -> None:
    """`save ""` without AOF: a restart brings what it would have brought without the backup."""
    made = make_redis(*NO_SAVE, *NO_AOF)
    client = made.server.client()
    client.set("seed", "saved by a person")
    client.save()
    client.set("lock:ingest:1", "held")
    made.backup()
    client.delete("lock:ingest:1")
    made.server.container.restart(timeout=20)
    assert made.server.wait_until_ready().client().keys() == [b"seed"]


def test_a_file_that_another_save_made_stays(
    make_redis: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person saves between the end of our save and its link: that file is what lies there."""
    made = make_redis(*NO_SAVE, *NO_AOF)
    client, real = made.server.client(), saving.link_rdb
    client.set("key", "value")
    inodes: list[str] = []

    def link(*arguments: Any) -> object:
        if not inodes:
            client.save()
            inodes.append(made.server.sh("stat -c %i /data/dump.rdb"))
        return real(*arguments)

    monkeypatch.setattr(saving, "link_rdb", link)
    assert made.backup().ok
    assert made.server.sh("stat -c %i /data/dump.rdb") == inodes[0]


_BACKUP = """
import sys
from redis_dr.flows.runbook.backup import backup
from redis_dr.tasks.model.settings.instance import Instance
backup(Instance.model_validate_json(sys.argv[1]), print)
"""


def test_of_a_backup_that_is_killed_while_saving_the_next_operation_leaves_nothing(
    make_redis: Make,
) -> None:
    """kill -9 in the middle of BGSAVE; the server ends that save, and `recover` takes it away."""
    made = make_redis(*NO_SAVE, *NO_AOF)
    client = made.server.client()
    client.mset({f"key:{number}": number for number in range(300)})
    before = listing(made)
    client.config_set("rdb-key-save-delay", 10_000)  # microseconds a key: 3 s
    fields = made.instance.model_dump_json(exclude={"password"})
    environment = {**os.environ, "REDIS_PASSWORD": PASSWORD}
    process = subprocess.Popen([sys.executable, "-c", _BACKUP, fields], env=environment)
    wait_until(lambda: client.info("persistence")["rdb_bgsave_in_progress"], 30)
    process.kill()
    process.wait(30)
    client.config_set("rdb-key-save-delay", 0)
    recover(made.instance)
    assert listing(made) == before


def test_a_folder_that_the_server_may_not_write_is_seen_before_the_save(
    filled_redis: ManagedRedis,
) -> None:
    """Owner changed: refused, no save was begun, and the clients go on writing."""
    filled_redis.server.sh("chown root:root /data && chmod 755 /data")
    client = filled_redis.server.client()
    saves = client.info("persistence")["rdb_saves"]
    with pytest.raises(Refused, match="the server can write to its data directory"):
        filled_redis.backup()
    assert client.info("persistence")["rdb_saves"] == saves
    assert client.set("writes", "go on")


def small_volume(filled_redis: ManagedRedis, make_redis: Make, *args: str) -> ManagedRedis:
    """A server whose volume has 12 MB."""
    name = f"{filled_redis.server.name}-small"
    filled_redis.server.engine.volumes.create(
        name,
        driver_opts={"type": "tmpfs", "device": "tmpfs", "o": "size=12m"},
        labels={"redis-dr.test": "1"},
    )
    made = make_redis(*args, volume=name)
    pipeline = made.server.client().pipeline()
    for number in range(300):
        pipeline.set(f"key:{number}", number.to_bytes(4, "big") * 500)
    pipeline.execute()
    return made


def test_a_disk_that_fills_during_the_save_does_not_stop_the_clients(
    make_redis: Make, filled_redis: ManagedRedis
) -> None:
    """
    The save fails, and the server would refuse writes from then on: it takes them, the message
    names what was set for that, and the next good backup sets it back.
    """
    made = small_volume(filled_redis, make_redis, *NO_AOF)
    client = made.server.client()
    fill = "dd if=/dev/zero of=/data/filler bs=64k 2>/dev/null; true"
    with (
        once_saving(made, lambda: made.server.sh(fill)),
        pytest.raises(SaveFailed, match="CONFIG SET stop-writes-on-bgsave-error yes"),
    ):
        made.backup()
    assert client.info("persistence")["rdb_last_bgsave_status"] == "err"
    assert client.set("writes", "go on")

    made.server.sh("rm /data/filler")
    assert made.backup().ok
    assert list(client.config_get("stop-writes-on-bgsave-error").values()) == ["yes"]
    assert client.set("writes", "go on")


def test_after_a_death_in_a_save_that_fails_the_next_operation_opens_the_server(
    make_redis: Make, filled_redis: ManagedRedis
) -> None:
    """
    kill -9 of the backup in the middle of BGSAVE, the disk fills, the save fails, and the server
    refuses writes: `recover` opens it, and the next good backup sets the setting back.
    """
    made = small_volume(filled_redis, make_redis, *NO_AOF)
    client = made.server.client()
    client.config_set("rdb-key-save-delay", 10_000)  # microseconds a key: 3 s
    fields = made.instance.model_dump_json(exclude={"password"})
    environment = {**os.environ, "REDIS_PASSWORD": PASSWORD}
    process = subprocess.Popen([sys.executable, "-c", _BACKUP, fields], env=environment)
    wait_until(lambda: client.info("persistence")["rdb_bgsave_in_progress"], 30)
    process.kill()
    process.wait(30)
    made.server.sh("dd if=/dev/zero of=/data/filler bs=64k 2>/dev/null; true")
    wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", 30)
    client.config_set("rdb-key-save-delay", 0)
    with pytest.raises(redis.ResponseError, match="MISCONF"):
        client.set("writes", "are refused")

    assert recover(made.instance).ok
    assert client.set("writes", "go on")
    made.server.sh("rm /data/filler")
    assert made.backup().ok
    assert list(client.config_get("stop-writes-on-bgsave-error").values()) == ["yes"]
    assert "writes-" not in made.server.sh("ls -a /data /data/.redis-dr 2>/dev/null || true")


def test_a_setting_that_a_person_chose_stays(filled_redis: ManagedRedis) -> None:
    """`stop-writes-on-bgsave-error no` before the backup is `no` after it."""
    client = filled_redis.server.client()
    client.config_set("stop-writes-on-bgsave-error", "no")
    filled_redis.backup()
    assert list(client.config_get("stop-writes-on-bgsave-error").values()) == ["no"]
