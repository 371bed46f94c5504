"""A restore is judged by what the restart brings, before anything stops."""

from pathlib import Path

import pytest

from redis_dr.flows.runbook.restore.restore import plan_restore
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill
from tests.support.redis_server import PASSWORD

SAME = "url and container are the same server"


def gate(made: ManagedRedis, check: str) -> Finding:
    plan = plan_restore(made.instance, RestoreOptions(dry_run=True))
    return next(one for one in plan.findings if one.check == check)


def untouched(made: ManagedRedis, run_id: str) -> None:
    assert made.run_id() == run_id
    assert made.helper_gone()


def test_maxmemory_that_only_runs_does_not_count(make_redis: Make) -> None:
    """
    12 MB on the start line, 1 GB by CONFIG SET, 20,000 keys that need more: refused before the
    stop, with the share that would be evicted and the remedy; every key is still there.
    """
    made = make_redis(
        base=("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru", "--maxmemory", "12mb")
    )
    client = made.server.client()
    client.config_set("maxmemory", "1gb")
    pipeline = client.pipeline(transaction=False)
    for number in range(20_000):
        pipeline.set(f"big:{number}", "x" * 800)
    pipeline.execute()
    made.backup()
    running = made.run_id()
    fits = gate(made, "what is placed fits into maxmemory")
    assert fits.expected == 12 * 2**20
    with pytest.raises(Refused, match="what is placed fits into maxmemory") as caught:
        made.restore(safety_backup=False)
    assert "--maxmemory" in str(caught.value)
    untouched(made, running)
    assert client.dbsize() == 20_000


def test_names_set_at_run_time_are_refused_with_the_remedy(make_redis: Make) -> None:
    """
    dbfilename and appendonly by CONFIG SET: a rollback would load other files than those that are
    served now. After the remedy that the finding gives, the restore works.
    """
    made = make_redis("--enable-protected-configs", "yes")
    fill(made.server)
    client = made.server.client()
    made.backup()
    before = made.digest()
    client.config_set("dbfilename", "other.rdb")
    client.config_set("appendonly", "no")
    running = made.run_id()
    with pytest.raises(Refused, match="after the restart") as caught:
        made.restore(safety_backup=False)
    for remedy in ("CONFIG SET dbfilename dump.rdb", "CONFIG SET appendonly yes"):
        assert remedy in str(caught.value)
    untouched(made, running)

    client.execute_command("CONFIG SET dbfilename dump.rdb")
    client.execute_command("CONFIG SET appendonly yes")
    client.flushall()
    report = made.restore(safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert made.digest() == before


def test_an_include_decides_where_the_data_goes(make_redis: Make, tmp_path: Path) -> None:
    """
    `include` after `appendonly no` turns it on: the restore places append files, and what is served
    afterwards is the backup.
    """
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "redis.conf").write_text(
        "dir /data\nprotected-mode no\nappendonly no\nenable-debug-command yes\n"
        f'requirepass "{PASSWORD}"\ninclude /etc/redis/more.conf\n'
    )
    (folder / "more.conf").write_text("appendonly yes\nappendfilename second.aof\n")
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    made = make_redis(
        base=(),
        entrypoint=["docker-entrypoint.sh", "redis-server", "/etc/redis/redis.conf"],
        volumes={str(folder): {"bind": "/etc/redis", "mode": "ro"}},
    )
    fill(made.server)
    made.backup()
    before = made.digest()
    made.server.client().flushall()
    report = made.restore()
    assert report.ok, [one for one in report.findings if not one.ok]
    assert made.digest() == before
    first = next(one for one in report.findings if one.check == "server will load first")
    assert first.actual == "appendonlydir/"
    assert made.server.sh("ls /data/appendonlydir").startswith("second.aof")


def test_a_rotated_password_is_refused_before_the_stop(make_redis: Make) -> None:
    """
    Set by CONFIG SET only: after the restart nobody of ours would get in.
    """
    made = make_redis(fields={"password": "rotated"})
    fill(made.server)
    made.server.client().config_set("requirepass", "rotated")
    client = made.server.client(password="rotated")
    made.backup()
    before = client.info("server")["run_id"]
    with pytest.raises(Refused, match="the configured password opens the next start"):
        made.restore(safety_backup=False)
    assert client.info("server")["run_id"] == before


def test_an_entrypoint_of_20_s_is_the_same_server(make_redis: Make) -> None:
    """
    A slow entrypoint makes no other server of it: the run_id within the container is the url's. The
    predicted downtime counts the entrypoint.
    """
    made = make_redis(
        entrypoint=["sh", "-c", 'sleep 20; exec docker-entrypoint.sh "$@"', "docker-entrypoint.sh"],
        wait=False,
    )
    made.server.wait_until_ready(60)
    fill(made.server, 20)
    made.backup()
    report = made.restore(safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    same = next(one for one in report.findings if one.check == SAME)
    assert same.actual == "the same"
    assert "run_id" in same.detail
    assert report.downtime_seconds > 20
    assert 0.6 < report.predicted_downtime_seconds / report.downtime_seconds < 1.5


def test_another_server_at_the_url_is_refused(make_redis: Make) -> None:
    """
    Two containers that were started together, and the url of the one with the name of the other.
    """
    one, two = make_redis(), make_redis()
    fill(one.server)
    one.backup()
    fields = {**one.instance.model_dump(), "container": two.server.name, "password": PASSWORD}
    crossed = ManagedRedis(two.server, one.store, one.instance.model_validate(fields))
    with pytest.raises(Refused, match=SAME):
        crossed.restore(safety_backup=False)
