"""Other servers in the instance's container, and directories that are not what they were."""

from pathlib import Path

import pytest

from redis_dr.flows.runbook.observe.restorable import judge_restorable
from redis_dr.flows.runbook.restore.restore import plan_restore
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.server.companions import CHECK
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill

# the second server is process 7 or so, the first one becomes process 1
TWO = 'mkdir -p /data/second; redis-server --port 6380 --dir "$SECOND" & exec redis-server "$@"'


def planned(made: ManagedRedis, check: str) -> Finding:
    plan = plan_restore(made.instance, RestoreOptions(dry_run=True))
    return next(one for one in plan.findings if one.check == check)


@pytest.mark.parametrize("folder", ["/data", "/data/second"])
def test_a_second_server_in_the_container_is_not_stopped(make_redis: Make, folder: str) -> None:
    """
    It holds keys in its memory: refused before the stop, in `check` as well. On a directory of its
    own it loses nothing once it has an append-only file, and the restore works.
    """
    made = make_redis(entrypoint=["sh", "-c", TWO, "start"], environment={"SECOND": folder})
    fill(made.server, 20)
    made.backup()
    before = made.digest()
    made.server.sh("redis-cli -p 6380 SET only:there 1")
    running = made.run_id()
    with pytest.raises(Refused, match=CHECK) as caught:
        made.restore(safety_backup=False)
    assert f"docker exec {made.server.name} redis-cli -p 6380 SHUTDOWN SAVE" in str(caught.value)
    assert CHECK in {one.check for one in judge_restorable(made.instance) if not one.ok}
    assert made.run_id() == running
    assert made.server.sh("redis-cli -p 6380 GET only:there").strip() == "1"
    if folder == "/data":
        return
    made.server.sh("redis-cli -p 6380 CONFIG SET appendonly yes; sleep 1")
    harmless = planned(made, CHECK)
    assert harmless.ok
    assert "redis-server *:6380" in str(harmless.actual)
    made.server.client().flushall()
    report = made.restore(safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert made.digest() == before
    assert made.server.sh("grep -l only:there /data/second/appendonlydir/*")


def test_a_server_that_the_url_does_not_reach_is_not_stopped(make_redis: Make) -> None:
    """
    It serves in its container, the url leads nowhere: what it holds would be lost with the stop.
    """
    made = make_redis("--appendonly", "no", "--save", "")
    fill(made.server, 20)
    made.backup()
    running = made.run_id()
    away = made.instance.model_copy(update={"url": "redis://127.0.0.1:1"})
    lost = ManagedRedis(made.server, made.store, away)
    with pytest.raises(Refused, match=CHECK):
        lost.restore(safety_backup=False)
    assert made.run_id() == running


def test_a_directory_that_was_replaced_on_the_host_is_refused(
    make_redis: Make, tmp_path: Path
) -> None:
    """
    `mv data data.old; mkdir data`: the server still writes into the old one, a restart would not.
    The same inside the container. After the old one is back the gate is open.
    """
    data = tmp_path / "data"
    data.mkdir(mode=0o777)
    data.chmod(0o777)
    made = make_redis(volume=False, volumes={str(data): {"bind": "/data", "mode": "rw"}})
    fill(made.server, 20)
    made.backup()
    check = "the restart finds the directory that is served now"
    assert planned(made, check).ok
    data.rename(tmp_path / "data.old")
    data.mkdir(mode=0o777)
    data.chmod(0o777)
    running = made.run_id()
    with pytest.raises(Refused, match=check):
        made.restore(safety_backup=False)
    assert made.run_id() == running
    data.rmdir()
    (tmp_path / "data.old").rename(data)
    assert planned(made, check).ok
