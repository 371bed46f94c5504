"""The disasters that redis-dr is for, on real servers."""

from pathlib import Path

import pytest
import redis

from redis_dr.tasks.model.errors import Refused
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill
from tests.support.waiting import wait_until

AOF_OFF = ("--appendonly", "no")


def lose_everything(made: ManagedRedis) -> None:
    made.server.client().flushall()
    made.server.client().set("made", "after the disaster")


def check_restored(made: ManagedRedis, digest: str, **options: object) -> None:
    report = made.restore(**options)
    bad = [one for one in report.findings if not one.ok]
    assert report.ok, bad
    assert not report.rolled_back
    assert made.digest() == digest
    assert made.helper_gone()


def test_flushall_is_undone_on_every_server(make_redis: Make, redis_image: str) -> None:
    """
    FLUSHALL, then restore: the content digest is what it was, with AOF on, also after a restart.
    """
    made = make_redis(image=redis_image)
    fill(made.server)
    before = made.digest()
    made.backup()
    lose_everything(made)

    check_restored(made, before)
    made.server.container.restart()
    assert made.digest() == before


def test_flushall_is_undone_without_aof(make_redis: Make) -> None:
    """
    With AOF off the placed dump.rdb is what loads, and the stop's last save does not touch it.
    """
    made = make_redis(*AOF_OFF)
    fill(made.server)
    before = made.digest()
    made.backup()
    lose_everything(made)

    check_restored(made, before)
    made.server.container.restart()
    assert made.digest() == before


@pytest.mark.parametrize("args", [(), AOF_OFF], ids=["aof", "rdb"])
def test_a_server_that_dies_on_a_damaged_file_again_and_again_is_restored(
    make_redis: Make, args: tuple[str, ...]
) -> None:
    """
    `restart: always` on a damaged file: the container loops; restore stops the loop and mends it.
    """
    made = make_redis(*args, restart_policy={"Name": "always"})
    fill(made.server)
    before = made.digest()
    made.backup()
    made.server.client().bgrewriteaof() if not args else made.server.client().save()
    wait_until(lambda: not made.server.client().info("persistence")["aof_rewrite_in_progress"])
    made.server.sh(
        "for f in /data/appendonlydir/*.base.rdb /data/dump.rdb; do "
        '[ ! -f "$f" ] || printf damaged > "$f"; done; kill -9 1 || true'
    )
    made.server.container.kill()
    made.server.container.start()
    wait_until(lambda: made.server.container.attrs["RestartCount"] > 0, 20)

    check_restored(made, before)
    assert made.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always"


def test_a_lost_volume_is_filled_again(make_redis: Make) -> None:
    """
    All files gone while the container is stopped: restore into the empty volume brings it up.
    """
    made = make_redis()
    fill(made.server)
    before = made.digest()
    made.backup()
    made.server.sh("rm -rf /data/*")
    made.server.container.kill()

    check_restored(made, before)


def test_started_as_a_user_that_hands_nothing_over(make_redis: Make) -> None:
    """
    `user: 999:1000`: the placed files belong to that user, although root's stood there.
    """
    made = make_redis(user="999:1000")
    fill(made.server)
    before = made.digest()
    made.backup()
    made.server.sh("chown 0:0 /data/dump.rdb; chmod 600 /data/dump.rdb")
    lose_everything(made)

    check_restored(made, before)
    owners = made.server.sh("stat -c '%u:%g' /data/dump.rdb /data/appendonlydir/*").split()
    assert set(owners) == {"999:1000"}


def test_a_bind_mount_changed_names_an_acl_file_and_compose_labels(
    make_redis: Make, tmp_path: Path
) -> None:
    """
    A folder of the host instead of a volume, another appenddirname and appendfilename, users in an
    ACL file, a health check and Compose's labels: restored all the same, and the users stay.
    """
    folder, acl = tmp_path / "data", tmp_path / "users.acl"
    folder.mkdir()
    acl.write_text("user default on >open-sesame ~* +@all\nuser app on >secret ~* +@read\n")
    made = make_redis(
        *("--appenddirname", "aof", "--appendfilename", "log.aof"),
        base=("--appendonly", "yes", "--aclfile", "/etc/users.acl"),
        password=None,
        volume=False,
        volumes={
            str(folder): {"bind": "/data", "mode": "rw"},
            str(acl): {"bind": "/etc/users.acl", "mode": "ro"},
        },
        wait=False,
        healthcheck={"test": ["CMD", "true"], "interval": 10**9},
        labels={"redis-dr.test": "1", "com.docker.compose.project": "demo"},
        fields={"password": "open-sesame"},
    )
    client = made.server.client(password="open-sesame")
    wait_until(lambda: _pings(client), 20)
    client.mset({f"key {n}": n for n in range(100)})
    made.backup()
    client.flushall()

    report = made.restore()
    assert report.ok, [one for one in report.findings if not one.ok]
    assert client.dbsize() == 100
    assert b"app" in b" ".join(client.execute_command("ACL", "USERS"))


def test_rejected_by_the_trial_nothing_is_stopped(make_redis: Make) -> None:
    """
    A backup with a database that the server does not have is refused before the stop.
    """
    made = make_redis("--databases", "20")
    made.server.client(18).set("high", "number")
    made.backup()
    other = make_redis("--databases", "16")
    before = other.run_id()
    with pytest.raises(Refused, match="highest database"):
        other.restore(origin=made.origin())
    assert other.run_id() == before


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
