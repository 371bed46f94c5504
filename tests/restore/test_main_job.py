"""The main job on real parts: back up, lose everything, bring it back, and see that it is back."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from tests.support.command_line import CommandLine
from tests.support.redis_server import RedisServer
from tests.support.runbook_toml import fill
from tests.support.s3_server import S3Server
from tests.support.zstd import zstd_program

Configure = Callable[..., CommandLine]
RESTORE = ("restore", "latest", "--confirm", "weka-redis")


def saved_and_flushed(server: RedisServer, redis_dr: CommandLine) -> dict[str, object]:
    """Fill, back up, FLUSHALL; gives the backup's report."""
    fill(server)
    report = redis_dr.report("backup")
    server.client().flushall()
    return report


@pytest.mark.parametrize("appendonly", ["yes", "no"])
def test_after_flushall_a_restore_brings_database_0_back_exactly(
    redis_factory: Callable[..., RedisServer], configured: Configure, appendonly: str
) -> None:
    """With AOF on and off: DB 0 exact, DB 1 and 2 empty, locks gone, and again after a restart."""
    args = ["--appendonly", appendonly, "--save", "900 1"]
    server = redis_factory(args=args, restart_policy={"Name": "unless-stopped"})
    redis_dr = configured(server)
    backup = saved_and_flushed(server, redis_dr)

    report = redis_dr.report("restore", str(backup["backup_id"]), "--confirm", "weka-redis")

    for _ in range(2):
        client = server.client()
        # 20 locks dropped, the processing list went into the pending one
        assert client.dbsize() == backup["databases"]["0"]["keys"] - 21  # type: ignore[index] # a report
        assert [server.client(db).dbsize() for db in (1, 2)] == [0, 0]
        assert client.keys("lock:*") == []
        assert client.lrange("queue:ingest:pending", 0, -1) == [b"w1", b"w2", b"p1", b"p2"]
        assert client.hgetall("entity:7") == {b"name": b"n7", b"rank": b"7"}
        assert 0 < client.ttl("doc:cache:7") <= 3607
        server.container.restart(timeout=20)
        server.wait_until_ready()
    account = report["databases"]["0"]
    assert account["in_backup"] == account["restored"] + account["dropped"] + account["expired"]
    assert account["missing"] == account["differing"] == 0
    assert report["rolled_back"] is False
    assert server.container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_databases_1_and_2_are_empty_from_the_first_answer(
    redis_factory: Callable[..., RedisServer], configured: Configure
) -> None:
    """Redis's own count of loaded keys equals DB 0 alone: what is empty was never loaded."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    saved_and_flushed(server, redis_dr)

    report = redis_dr.report(*RESTORE)

    loaded = server.client().info("persistence")["rdb_last_load_keys_loaded"]
    assert loaded == report["databases"]["0"]["placed"]
    assert server.client().info("stats")["expired_keys"] == 0


def test_a_stopped_container_is_restored_and_started(
    redis_factory: Callable[..., RedisServer], configured: Configure
) -> None:
    """A server that is down has no safety backup; it comes back with the backup's data."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    fill(server)
    redis_dr.report("backup")
    server.container.stop(timeout=20)

    report = redis_dr.report(*RESTORE)

    assert report["safety_backup_id"] is None
    assert server.client().hget("entity:7", "name") == b"n7"


def test_a_container_that_dies_on_a_damaged_file_again_and_again_is_restored(
    redis_factory: Callable[..., RedisServer], configured: Configure
) -> None:
    """The restart loop ends, the data is back, and the damaged files are set aside, not deleted."""
    server = redis_factory(args=RUNBOOK_ARGS, restart_policy={"Name": "unless-stopped"})
    redis_dr = configured(server)
    fill(server)
    redis_dr.report("backup")
    server.container.kill()
    server.write_file("/data/appendonlydir/appendonly.aof.manifest", b"nonsense\n")
    server.container.start()

    report = redis_dr.report(*RESTORE)

    assert server.client().hget("entity:7", "name") == b"n7"
    assert server.sh(f"cat {report['set_aside']}/appendonlydir/appendonly.aof.manifest") == (
        "nonsense\n"
    )


def test_when_the_old_data_is_gone_entirely_the_backup_still_comes_back(
    redis_factory: Callable[..., RedisServer], configured: Configure
) -> None:
    """An emptied volume: the settings come from the running server, the data from the store."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    fill(server)
    redis_dr.report("backup")
    server.container.kill()
    server.container.start()
    server.wait_until_ready().sh("rm -rf /data/* /data/.[!.]*")

    redis_dr.report("restore", "latest", "--confirm", "weka-redis", "--no-safety-backup")

    assert server.client().hget("entity:7", "name") == b"n7"


def test_the_safety_backup_of_a_restore_is_never_taken_for_the_latest(
    redis_factory: Callable[..., RedisServer], configured: Configure
) -> None:
    """It holds the emptied server; restoring the latest a second time must not bring that back."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    backup = saved_and_flushed(server, redis_dr)
    first = redis_dr.report(*RESTORE)

    second = redis_dr.report(*RESTORE)

    assert first["backup_id"] == second["backup_id"] == backup["backup_id"]
    listed = {one["backup_id"]: one["safety"] for one in redis_dr.report("list")["backups"]}
    assert listed[first["safety_backup_id"]] is True
    assert listed[backup["backup_id"]] is False


def test_a_stored_dump_opens_with_plain_zstd_and_loads_in_any_redis(
    redis_factory: Callable[..., RedisServer], configured: Configure, tmp_path: Path
) -> None:
    """The backup can be used without this program: zstd -d gives the RDB that Redis checks."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    fill(server)
    backup = redis_dr.report("backup")
    folder = redis_dr.folder / "backups" / "weka-redis" / "backups" / str(backup["backup_id"])
    zstd = zstd_program(tmp_path)

    plain = subprocess.run(
        [zstd, "-dc", str(folder / "dump.rdb.zst")], capture_output=True, check=True
    ).stdout

    server.write_file("/tmp/copy.rdb", plain)  # noqa: S108 in the container
    assert "RDB looks OK" in server.sh("redis-check-rdb /tmp/copy.rdb")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["files"][0]["size"] == len(plain)


def test_the_same_job_over_s3(
    redis_factory: Callable[..., RedisServer], configured: Configure, s3_server: S3Server
) -> None:
    """Store in S3 over HTTP, lose everything, bring it back."""
    server = redis_factory(args=RUNBOOK_ARGS)
    store = (
        f'[store]\nurl = "s3://{s3_server.new_bucket()}/prefix"\n'
        f'endpoint_url = "{s3_server.endpoint_url}"\nregion = "us-east-1"\naddressing = "path"\n'
    )
    redis_dr = configured(server, store)
    redis_dr = CommandLine(redis_dr.folder, {**redis_dr.environment, **s3_server.environment})
    saved_and_flushed(server, redis_dr)

    redis_dr.report(*RESTORE)

    assert server.client().hget("entity:7", "name") == b"n7"


def test_an_export_holds_one_database_and_any_redis_loads_it(
    redis_factory: Callable[..., RedisServer], configured: Configure
) -> None:
    """DB 2 alone, in a file that an empty Redis starts from."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    counts = fill(server)
    redis_dr.report("backup")

    report = redis_dr.report("export", "latest", "--db", "2", "--output", "db2.rdb")

    assert report["keys"] == counts[2]
    other = redis_factory(args=["--appendonly", "no", "--save", ""])
    other.container.stop(timeout=10)
    other.write_file("/data/dump.rdb", (redis_dr.folder / "db2.rdb").read_bytes())
    other.container.start()
    other.wait_until_ready()
    assert [other.client(db).dbsize() for db in (0, 1, 2)] == [0, 0, counts[2]]
