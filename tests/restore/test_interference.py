"""What others do to an instance in the middle of its restore."""

import os
import threading

import docker
import pytest
import redis

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.model.errors import RedisDrError, Unreachable
from tests.support.client_writes import keys_set_aside
from tests.support.fault_proxy import FaultProxy
from tests.support.instances import DEBUG, Make
from tests.support.managed_redis import ManagedRedis, changed, fill, managed_redis
from tests.support.redis_server import RedisServer, start_redis
from tests.support.waiting import wait_until

DAMAGE = 'for f in /data/appendonlydir/*.base.rdb; do printf damaged > "$f"; done'


def on_volume(made: ManagedRedis, script: str) -> None:
    """Run a script on the volume of a container that is down."""
    made.server.engine.containers.run(
        made.server.image,
        entrypoint=["sh", "-c", script],
        command=[],
        volumes_from=[made.server.id],
        user="0",
        remove=True,
    )


def test_a_server_killed_while_it_loads_goes_back_to_the_old_data(
    filled_redis: ManagedRedis,
) -> None:
    """
    Killed right after its start: the old data is served again, and the report says so.
    """
    _, now = changed(filled_redis)
    report = filled_redis.restore({"verifying": filled_redis.server.container.kill})

    assert report.rolled_back
    assert not report.ok
    assert filled_redis.digest() == now
    assert filled_redis.helper_gone()


def test_a_server_killed_in_the_middle_of_its_load_goes_back_to_the_old_data(
    make_redis: Make,
) -> None:
    """
    Slowed down so that its load can be seen, and killed in it: the old data is served again.
    """
    # Redis's own hidden settings for tests: microseconds a key, bytes between two looks at clients
    slow = ("--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024")
    made = make_redis(*slow)
    fill(made.server)
    made.backup()
    made.server.client().flushall()
    made.server.client().set("only", "now")
    now = made.digest()
    killer = threading.Thread(target=kill_while_loading, args=(made,))

    report = made.restore({"starting": killer.start})
    killer.join(60)
    assert report.rolled_back
    assert "ended by itself after the start" in report.failure
    assert made.digest() == now
    assert made.helper_gone()


def kill_while_loading(made: ManagedRedis) -> None:
    def loading() -> bool:
        try:
            return bool(made.server.client().info("persistence")["loading"])
        except redis.RedisError:
            return False

    wait_until(loading, 30, "the server loads")
    made.server.container.kill()


def test_new_data_that_changes_before_the_proof_is_rolled_back(filled_redis: ManagedRedis) -> None:
    """
    A key lost without any write to explain it makes the proof red, and the old data returns. What
    was taken away was written to, so it is kept and named.
    """
    _, now = changed(filled_redis)

    def tamper() -> None:
        client = filled_redis.server.client()
        client.delete("cache:0:1", "cache:0:2")
        client.set("cache:0:4", "other content")
        client.config_resetstat()  # as if no client had written

    report = filled_redis.restore({"verifying": tamper})
    assert report.rolled_back
    wrong = [finding.detail for finding in report.findings if not finding.ok and finding.detail]
    assert wrong[0] == "2 missing, 1 with other content"
    assert filled_redis.digest() == now
    (name,) = keys_set_aside(filled_redis.server)
    assert any(f"/data/.redis-dr/{name} " in str(finding.actual) for finding in report.findings)


def test_somebody_starts_the_container_in_the_middle(filled_redis: ManagedRedis) -> None:
    """
    A watchdog starts the stopped container during the swap: the restore sees it and undoes.
    """
    _, now = changed(filled_redis)
    report = filled_redis.restore({"swapping": filled_redis.server.container.start})

    assert report.rolled_back
    assert "somebody started" in report.failure
    assert filled_redis.digest() == now


def test_a_removed_container_can_be_made_again_and_recovered(filled_redis: ManagedRedis) -> None:
    """
    The container is removed during the swap: the error says what to do, the volume holds the old
    data, and once the container is made again `recover` serves it.
    """
    _, now = changed(filled_redis)
    attrs = filled_redis.server.container.attrs

    with pytest.raises(Unreachable, match="putting the old data back failed") as caught:
        filled_redis.restore({"swapping": lambda: filled_redis.server.container.remove(force=True)})
    assert "make the container again" in caught.value.remedy

    filled_redis.server.engine.containers.create(
        filled_redis.server.image,
        attrs["Args"] if attrs["Path"] != "redis-server" else [attrs["Path"], *attrs["Args"]],
        entrypoint=[attrs["Path"]],
        name=filled_redis.server.name,
        labels=attrs["Config"]["Labels"],
        ports={"6379/tcp": ("127.0.0.1", filled_redis.server.port)},
        volumes={filled_redis.server.volume: {"bind": "/data"}},
        restart_policy={"Name": "unless-stopped"},
    )
    report = recover(filled_redis.instance)
    assert report.ok, report
    assert filled_redis.digest() == now


def test_old_data_that_no_longer_loads_does_not_block_the_next_restore(
    filled_redis: ManagedRedis,
) -> None:
    """
    Old and new files are both damaged after the stop: the roll-back says that the old data does
    not come up, keeps it, and the next restore brings the backup back.
    """
    saved, _ = changed(filled_redis)
    report = filled_redis.restore(
        {
            "swapping": lambda: on_volume(filled_redis, DAMAGE),
            "starting": lambda: on_volume(filled_redis, DAMAGE),
        }
    )
    assert report.rolled_back
    assert any(one.check == "the old data is served" and not one.ok for one in report.findings)

    again = filled_redis.restore(backup=report.backup_id)
    assert again.ok, [one for one in again.findings if not one.ok]
    assert filled_redis.digest() == saved


def test_a_server_that_cannot_save_what_it_holds_is_not_stopped(make_redis: Make) -> None:
    """
    AOF off, and the last save is refused by the disk: the server runs on, takes writes at once,
    keeps its save points and its restart policy, and the report says that nothing came of it.
    """
    made = make_redis("--appendonly", "no")
    fill(made.server)
    _, now = changed(made)
    running = made.run_id()
    points = made.server.client().config_get("save")

    def forbid() -> None:
        made.server.sh("chown 0:0 /data; chmod 755 /data")

    report = made.restore({"stopping": forbid}, safety_backup=False)
    assert report.rolled_back
    assert "cannot save what it holds" in report.failure
    assert made.run_id() == running
    assert made.digest() == now
    client = made.server.client(socket_timeout=3)
    assert client.set("written", "at once")
    assert client.config_get("save") == points
    policy = made.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"]
    assert policy == "unless-stopped"
    assert made.helper_gone()


def test_a_full_disk_after_the_stop_is_undone(
    make_redis: Make, docker_client: docker.DockerClient
) -> None:
    """
    The volume fills up while the server stops: nothing can be written down, the old data returns.
    """
    name = f"redis-dr-test-small-{os.getpid()}"
    docker_client.volumes.create(
        name,
        driver_opts={"type": "tmpfs", "device": "tmpfs", "o": "size=6m"},
        labels={"redis-dr.test": "1"},
    )
    made = make_redis(volume=name)
    fill(made.server)
    _, now = changed(made)

    report = made.restore(
        {"swapping": lambda: on_volume(made, "cat /dev/zero > /data/junk 2>/dev/null || true")}
    )
    on_volume(made, "rm -f /data/junk")
    assert report.rolled_back
    assert made.digest() == now


def test_a_url_of_another_server_stops_nobody(filled_redis: ManagedRedis) -> None:
    """
    url and container are two servers: refused, and neither was restarted.
    """
    filled_redis.backup()
    other = start_redis(filled_redis.server.engine, args=[*DEBUG])
    try:
        before = filled_redis.run_id(), managed_redis(other, filled_redis.store).run_id()
        mixed = managed_redis(filled_redis.server, filled_redis.store, container=other.name)
        with pytest.raises(RedisDrError):
            mixed.restore(safety_backup=False)
        assert (filled_redis.run_id(), managed_redis(other, filled_redis.store).run_id()) == before
    finally:
        other.remove()


def untouched(server: RedisServer) -> tuple[object, ...]:
    client = server.client()
    return client.info("server")["run_id"], client.config_get("save"), client.get("only")


@pytest.mark.parametrize("append_only", ["yes", "no"])
def test_another_server_at_the_url_is_not_taken_for_the_old_data(
    make_redis: Make, append_only: str
) -> None:
    """
    While a restore verifies, its url begins to lead to another server. The report calls unknown
    what is served, the other server is neither stopped nor changed, and recover says the same.
    """
    made = make_redis("--appendonly", append_only)
    fill(made.server)
    changed(made)
    other = start_redis(made.server.engine, args=["--appendonly", "no"])
    try:
        other.client().set("only", "theirs")
        before = untouched(other)
        with FaultProxy(made.server.port) as proxy:
            through = managed_redis(made.server, made.store, url=f"redis://127.0.0.1:{proxy.port}")

            def elsewhere() -> None:
                proxy.target = other.port
                proxy.drop()

            report = through.restore({"verifying": elsewhere})
            assert not report.ok
            assert "is not the one in" in report.served, report
            assert not recover(through.instance).ok
        assert untouched(other) == before
    finally:
        other.remove()


def test_a_replica_at_the_end_of_the_comparison_is_not_proven(filled_redis: ManagedRedis) -> None:
    """
    While a restore verifies, somebody makes the server a replica: not proven, rolled back, and the
    report says by a look that the old data is served.
    """
    _, now = changed(filled_redis)
    report = filled_redis.restore(
        {"verifying": lambda: filled_redis.server.client().replicaof("127.0.0.1", "1")}
    )

    assert report.rolled_back
    assert "its role is slave" in report.failure
    assert report.served.startswith("the old data: 50 keys")
    assert filled_redis.digest() == now
