"""What others do to an instance in the middle of its restore."""

import os
import signal
import threading
from functools import partial
from pathlib import Path

import docker
import pytest

from flows.runbook.recover import recover
from tasks.model.errors import Fenced, RedisDrError, Refused, Unreachable
from tasks.model.settings.instance import Instance
from tests.support import faults
from tests.support.estate import Estate, estate, fill
from tests.support.instances import DEBUG, Make
from tests.support.redis_server import start_redis
from tests.support.waiting import wait_until

DAMAGE = 'for f in /data/appendonlydir/*.base.rdb; do printf damaged > "$f"; done'


def changed(made: Estate) -> tuple[str, str]:
    """Back up, change the content; digests of the backup and of what is there now."""
    saved = made.digest()
    made.backup()
    made.server.client().flushall()
    made.server.client().mset({f"now {n}": n for n in range(50)})
    return saved, made.digest()


def on_volume(made: Estate, script: str) -> None:
    """Run a script on the volume of a container that is down."""
    made.server.engine.containers.run(
        made.server.image,
        entrypoint=["sh", "-c", script],
        command=[],
        volumes_from=[made.server.id],
        user="0",
        remove=True,
    )


def test_a_server_killed_while_it_loads_goes_back_to_the_old_data(full: Estate) -> None:
    """
    Killed right after its start: the old data is served again, and the report says so.
    """
    _, now = changed(full)
    report = full.restore({"verifying": full.server.container.kill})

    assert report.rolled_back
    assert not report.ok
    assert full.digest() == now
    assert full.hands_gone()


def test_new_data_that_changes_before_the_proof_is_rolled_back(full: Estate) -> None:
    """
    A key lost without any write to explain it makes the proof red, and the old data returns.
    """
    _, now = changed(full)

    def tamper() -> None:
        client = full.server.client()
        client.delete("cache:0:1", "cache:0:2")
        client.set("cache:0:4", "other content")
        client.config_resetstat()  # as if no client had written

    report = full.restore({"verifying": tamper})
    assert report.rolled_back
    wrong = [one.detail for one in report.findings if not one.ok and one.detail]
    assert wrong == ["2 missing, 1 with other content"]
    assert full.digest() == now


def test_somebody_starts_the_container_in_the_middle(full: Estate) -> None:
    """
    A watchdog starts the stopped container during the swap: the restore sees it and undoes.
    """
    _, now = changed(full)
    report = full.restore({"swapping": full.server.container.start})

    assert report.rolled_back
    assert "somebody started" in report.failure
    assert full.digest() == now


def test_a_removed_container_can_be_made_again_and_recovered(full: Estate) -> None:
    """
    The container is removed during the swap: the error says what to do, the volume holds the old
    data, and once the container is made again `recover` serves it.
    """
    _, now = changed(full)
    attrs = full.server.container.attrs

    with pytest.raises(Unreachable, match="putting the old data back failed") as caught:
        full.restore({"swapping": lambda: full.server.container.remove(force=True)})
    assert "make the container again" in caught.value.remedy

    full.server.engine.containers.create(
        full.server.image,
        attrs["Args"] if attrs["Path"] != "redis-server" else [attrs["Path"], *attrs["Args"]],
        entrypoint=[attrs["Path"]],
        name=full.server.name,
        labels=attrs["Config"]["Labels"],
        ports={"6379/tcp": ("127.0.0.1", full.server.port)},
        volumes={full.server.volume: {"bind": "/data"}},
        restart_policy={"Name": "unless-stopped"},
    )
    report = recover(full.instance)
    assert report.ok, report
    assert full.digest() == now


def test_old_data_that_no_longer_loads_does_not_block_the_next_restore(full: Estate) -> None:
    """
    Old and new files are both damaged after the stop: the roll-back says that the old data does
    not come up, keeps it, and the next restore brings the backup back.
    """
    saved, _ = changed(full)
    report = full.restore(
        {
            "swapping": lambda: on_volume(full, DAMAGE),
            "starting": lambda: on_volume(full, DAMAGE),
        }
    )
    assert report.rolled_back
    assert any(one.check == "the old data is served" and not one.ok for one in report.findings)

    again = full.restore(backup=report.backup_id)
    assert again.ok, [one for one in again.findings if not one.ok]
    assert full.digest() == saved


def test_a_full_disk_after_the_stop_is_undone(
    make_estate: Make, docker_client: docker.DockerClient
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
    made = make_estate(volume=name)
    fill(made.server)
    _, now = changed(made)

    report = made.restore(
        {"swapping": lambda: on_volume(made, "cat /dev/zero > /data/junk 2>/dev/null || true")}
    )
    on_volume(made, "rm -f /data/junk")
    assert report.rolled_back
    assert made.digest() == now


@pytest.mark.parametrize("after", [True, False], ids=["stopped", "about to stop"])
def test_a_zombie_changes_nothing(full: Estate, after: bool) -> None:
    """
    SIGSTOP a restore around its stop, `recover` from another process, SIGCONT: the zombie is
    fenced and the volume stays as the recovery left it. A stop that was on its way all the same
    does not leave the server down.
    """
    _, now = changed(full)
    quick = {**full.instance.model_dump(), "restore": {"lease_seconds": 5}}
    instance = full.instance.model_validate(quick)
    spec = faults.Spec(faults.as_json(instance), path="/stop?", fault=faults.STOP, after=after)
    zombie = faults.spawn(spec)
    wait_until(partial(_stopped, zombie.pid), 60, "the restore has stopped itself")
    wait_until(partial(_recovered, instance), 30, "recover takes over")
    saved_as_it_goes = () if after else ("dump.rdb",)
    before = volume(full, *saved_as_it_goes)
    started = full.server.container.attrs["State"]["StartedAt"]

    zombie.send_signal(signal.SIGCONT)
    said, _ = zombie.communicate(timeout=60)
    assert Fenced.__name__ in said
    assert full.digest() == now
    assert volume(full, *saved_as_it_goes) == before
    assert (full.server.container.attrs["State"]["StartedAt"] == started) == after
    policy = full.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"]
    assert policy == "unless-stopped"
    assert full.server.client().config_get("save")["save"]
    assert full.hands_gone()


def volume(made: Estate, *spared: str) -> str:
    """Everything on it but what the server itself writes while it runs, or as it goes."""
    names = " ".join(f"-not -name '{one}'" for one in ("*.incr.aof", *spared))
    return made.server.sh(f"find /data -type f {names} | sort | xargs sha256sum")


def test_eight_at_once_serialise_or_are_refused(full: Estate) -> None:
    """
    Four backups and four restores of one instance at the same moment: each is done and proven, or
    refused by name; the content is the backup's, and every listed backup can be read.
    """
    saved, _ = changed(full)
    outcomes: list[str] = []
    restores = [faults.spawn(faults.Spec(faults.as_json(full.instance))) for _ in range(4)]

    def back_up() -> None:
        try:
            outcomes.append("ok" if full.backup().ok else "bad")
        except RedisDrError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=back_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    said = [one.communicate(timeout=120)[0] for one in restores]
    for thread in threads:
        thread.join()

    assert all('"ok": true' in one or '"Refused"' in one for one in said), said
    assert set(outcomes) <= {"ok", "Refused"}, outcomes
    done = any('"ok": true' in one for one in said)
    if done:
        assert full.digest() == saved
    assert done or "ok" in outcomes
    assert full.hands_gone()


def test_what_clients_write_at_once_makes_nothing_red(full: Estate) -> None:
    """
    A client overwrites a restored key before the proof: it counts as changed, and only that one.
    """
    changed(full)
    report = full.restore({"verifying": lambda: full.server.client().set("cache:0:1", "new")})

    assert report.ok, [one for one in report.findings if not one.ok]
    assert report.databases[0].changed == 1
    assert full.server.client().get("cache:0:1") == b"new"


def test_evictions_are_counted_to_the_key(make_estate: Make) -> None:
    """
    maxmemory below the data: in backup = restored + evicted + expired, nothing missing.
    """
    made = make_estate("--maxmemory", "0")
    pipeline = made.server.client().pipeline(transaction=False)
    for number in range(20_000):
        pipeline.set(f"big:{number}", "x" * 200)
    pipeline.execute()
    made.backup()
    used = made.server.client().info("memory")["used_memory"]
    made.server.remove()
    again = make_estate("--maxmemory", str(used * 2 // 3), "--maxmemory-policy", "allkeys-random")
    report = again.restore()
    account = report.databases[0]
    assert report.ok, [one for one in report.findings if not one.ok]
    assert account.evicted > 0
    assert account.missing == 0
    assert account.in_backup == account.restored + account.evicted + account.expired


def test_a_url_of_another_server_stops_nobody(full: Estate) -> None:
    """
    url and container are two servers: refused, and neither was restarted.
    """
    full.backup()
    other = start_redis(full.server.engine, args=[*DEBUG])
    try:
        before = full.run_id(), estate(other, full.store).run_id()
        mixed = estate(full.server, full.store, container=other.name)
        with pytest.raises(RedisDrError):
            mixed.restore(safety_backup=False)
        assert (full.run_id(), estate(other, full.store).run_id()) == before
    finally:
        other.remove()


def _stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def _recovered(instance: Instance) -> bool:
    try:
        return recover(instance).ok
    except Refused:
        return False
