"""Health: a verdict that means something."""

import threading
from datetime import UTC, datetime

import pytest

from redis_dr.flows.runbook.observe.health import health
from redis_dr.tasks.model.errors import NotReady
from redis_dr.tasks.model.observe.health import Latency, judge_health
from redis_dr.tasks.model.server.server_info import Replica, ServerInfo
from redis_dr.tasks.model.settings.observe import HealthSettings
from tests.support.instance import instance_of
from tests.support.redis_server import PASSWORD
from tests.support.waiting import wait_until

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WELL = ServerInfo(
    version="7.2.6",
    used_memory=100 * 2**20,
    maxmemory=256 * 2**20,
    maxmemory_policy="allkeys-lru",
    maxclients=1000,
    connected_clients=10,
    rdb_last_save_time=int(NOW.timestamp()) - 60,
    aof_enabled=True,
)
QUICK = Latency(pings=50, median_ms=0.2, p99_ms=0.5, max_ms=0.6)


def bad(info: ServerInfo, latency: Latency | None = QUICK, **settings) -> list[str]:
    """The checks that are not ok."""
    findings = judge_health(info, latency, HealthSettings(**settings), NOW)
    return [finding.check for finding in findings if not finding.ok]


def test_a_real_server_with_the_runbook_s_configuration_is_well(filled, instance):
    """Every finding is good, and the figures are those of the server."""
    report = health(instance)

    assert report.ok, [finding for finding in report.findings if not finding.ok]
    assert report.info.keys_in(1) == 25
    assert report.latency is not None
    assert report.latency.pings == 200


def test_drift_makes_it_bad(clean, instance):
    """A setting changed behind the configuration's back is named."""
    clean.client().config_set("maxmemory-policy", "noeviction")
    try:
        report = health(instance)
    finally:
        clean.client().config_set("maxmemory-policy", "allkeys-lru")

    assert not report.ok
    drift = next(finding for finding in report.findings if finding.check == "configuration")
    assert drift.actual == "maxmemory-policy differ"


def test_a_loading_server_is_told_from_a_ready_one(redis_factory):
    """While it loads there is one finding, not ok, with progress; afterwards all of them."""
    often = ("--loading-process-events-interval-bytes", "1024")
    server = redis_factory(args=["--save", "", "--enable-debug-command", "yes", *often])
    server.client().execute_command("DEBUG", "POPULATE", 20_000, "key", 100)
    server.client().save()
    server.client().config_set("key-load-delay", 200)
    reload = threading.Thread(
        target=lambda: server.client().execute_command("DEBUG", "RELOAD", "NOSAVE")
    )
    reload.start()
    wait_until(lambda: server.client().info("persistence")["loading"])
    report = health(instance_of(server))
    server.client().config_set("key-load-delay", 0)
    reload.join()

    ready = report.findings[0]
    assert not report.ok
    assert (ready.check, ready.ok) == ("ready", False)
    assert "loading" in str(ready.actual)


def test_a_stopped_server_is_unreachable(redis_factory):
    """No report, but the error with exit code 4."""
    server = redis_factory()
    instance = instance_of(server, resilience={"max_retries": 0})
    server.container.stop(timeout=1)
    with pytest.raises(NotReady) as caught:
        health(instance)

    assert caught.value.exit_code == 4


def test_a_real_replica_and_its_master_are_seen(clean, redis_factory):
    """The master's finding names its replica; the replica's finding is the link."""
    replica = redis_factory(args=["--masterauth", PASSWORD])
    address = clean.container.attrs["NetworkSettings"]["IPAddress"]
    replica.client().replicaof(address, 6379)
    wait_until(lambda: replica.client().info()["master_link_status"] == "up", 20)
    wait_until(lambda: clean.client().info("replication")["slave0"]["state"] == "online", 20)
    master = health(instance_of(clean))
    link = health(instance_of(replica, server={}))

    assert any(finding.check.startswith("replica ") for finding in master.findings)
    assert master.info.connected_slaves == 1
    seen = next(finding for finding in link.findings if finding.check == "replication")
    assert (link.info.role, seen.ok) == ("slave", True)


def test_a_well_server_has_no_bad_finding():
    """The starting point of the cases below."""
    assert bad(WELL) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"used_memory": 300 * 2**20}, "memory"),
        ({"used_memory": 240 * 2**20, "maxmemory_policy": "noeviction"}, "memory"),
        (
            {"mem_fragmentation_ratio": 3.0, "mem_fragmentation_bytes": 200 * 2**20},
            "fragmentation",
        ),
        ({"rdb_last_bgsave_status": "err"}, "last save"),
        (
            {"aof_enabled": False, "rdb_changes_since_last_save": 1, "rdb_last_save_time": 0},
            "age of the last save",
        ),
        ({"aof_last_write_status": "err"}, "AOF write"),
        ({"aof_last_bgrewrite_status": "err"}, "AOF rewrite"),
        ({"role": "slave", "master_link_status": "down"}, "replication"),
        (
            {"replicas": (Replica(address="r:1", state="online", lag_seconds=99),)},
            "replica r:1",
        ),
        ({"connected_clients": 900}, "clients"),
        ({"rejected_connections": 1}, "rejected connections"),
    ],
)
def test_each_sickness_has_its_finding(change, named):
    """One figure gone bad makes exactly one finding bad."""
    assert bad(WELL.model_copy(update=change)) == [named]


def test_what_is_no_sickness_is_not_called_one():
    """A small process wastes little; a full cache evicts; the AOF has what no save has."""
    small = {"mem_fragmentation_ratio": 9.0, "mem_fragmentation_bytes": 2**20}
    full = {"used_memory": 256 * 2**20, "evicted_keys": 10_000}
    late = {"rdb_changes_since_last_save": 5, "rdb_last_save_time": 0}

    assert bad(WELL.model_copy(update={**small, **full, **late})) == []


def test_thresholds_come_from_the_configuration():
    """What is shown without judgement by default is judged when a limit is set."""
    info = WELL.model_copy(update={"evicted_keys": 5, "keyspace_hits": 1, "keyspace_misses": 9})
    slow = QUICK.model_copy(update={"p99_ms": 7.0})

    assert bad(info, slow, evicted_keys=4, min_hit_ratio=0.5, latency_ms=5) == [
        "latency",
        "evicted keys",
        "hit ratio",
    ]


def test_a_slow_server_is_seen(clean):
    """While the server pauses its clients for 120 ms at a time, the latency shows it."""
    begun = threading.Event()

    def pause_again_and_again() -> None:
        client = clean.client()
        for _ in range(20):  # the first few meet the commands of connecting
            client.client_pause(120)  # its next call waits for the end of this one
            begun.set()

    thread = threading.Thread(target=pause_again_and_again)
    thread.start()
    try:
        assert begun.wait(10)
        report = health(instance_of(clean, health={"latency_ms": 100}))
    finally:
        thread.join()

    assert report.latency is not None
    assert report.latency.max_ms > 100
    assert not report.ok
