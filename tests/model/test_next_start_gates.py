"""Which difference between what runs and what a restart brings shuts a restore's gate."""

from dataclasses import replace
from typing import Any

import pytest

from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.next_start_gates import (
    NAMED,
    SHUT,
    Ahead,
    StartFacts,
    next_start_gates,
)
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.next_start import Module, NextStart

MB = 2**20
SETTINGS = {
    "dir": "/data",
    "dbfilename": "dump.rdb",
    "appendonly": "yes",
    "appenddirname": "appendonlydir",
    "appendfilename": "appendonly.aof",
    "replicaof": "",
    "cluster-enabled": "no",
    "port": "6379",
    "tls-port": "0",
    "unixsocket": "",
    "maxmemory": "0",
    "maxmemory-policy": "allkeys-lru",
    "databases": "16",
    "save": "900 1",
    "aclfile": "",
    "requirepass": "***",
    "protected-mode": "no",
    "bind": "* -::*",
    "rdbchecksum": "yes",
    "rdbcompression": "yes",
    "aof-use-rdb-preamble": "yes",
    "appendfsync": "everysec",
    "hz": "10",
}
OTHER = {
    "dir": "/srv",
    "cluster-enabled": "yes",
    "port": "7000",
    "tls-port": "7001",
    "maxmemory": "12582912",
    "maxmemory-policy": "noeviction",
    "databases": "32",
    "save": "",
    "requirepass": "",
    "bind": "127.0.0.1",
    "hz": "50",
}
FIXED = {"cluster-enabled", "databases", "appendfilename", "appenddirname", "unixsocket", "aclfile"}
FIXED |= {"replicaof"}
CONTAINER = ContainerState(
    id="a",
    name="weka-redis",
    image="redis",
    image_id="sha256:1",
    status="running",
    exit_code=0,
    restart_count=0,
    restart_policy="always",
    restart_retries=0,
    user="",
    command=("redis-server", "/etc/redis.conf", "--port", "6379"),
    mounts=(),
    memory_limit=0,
    labels=(),
)
START = NextStart(SETTINGS, login="accepted", seconds=0.6, first_process=True)
FACTS = StartFacts(Ahead(SETTINGS, START), CONTAINER, "/etc/redis.conf", used_memory=30 * MB)


def gates(running: dict[str, str] | None = None, **after: str) -> tuple[Finding, ...]:
    start = replace(START, settings={**SETTINGS, **after})
    return next_start_gates(replace(FACTS, ahead=Ahead({**SETTINGS, **(running or {})}, start)))


def bad(findings: tuple[Finding, ...]) -> list[Finding]:
    return [one for one in findings if not one.ok]


def test_a_restart_that_changes_nothing_opens_every_gate() -> None:
    """
    The same settings, the password accepted.
    """
    assert all_ok(next_start_gates(FACTS))


def other(name: str) -> str:
    swapped = {"yes": "no", "no": "yes"}
    return OTHER.get(name) or swapped.get(SETTINGS[name], f"other-{name}")


@pytest.mark.parametrize("name", [*SHUT, *NAMED])
def test_every_difference_is_named_with_both_values(name: str) -> None:
    """
    Each setting that a restore needs, swept: the plan shows what runs, what comes, and what makes
    both the same; what decides which data is loaded, or whether clients find it, shuts the gate.
    """
    after = other(name)
    findings = gates(**{name: after})
    told = next(one for one in findings if one.check == f"{name} after the restart")
    assert (told.expected, told.actual) == (SETTINGS[name], after)
    assert (f"CONFIG SET {name}" in told.detail) == (name not in FIXED)
    assert ("--port" if name == "port" else "CONFIG REWRITE") in told.detail
    assert told.ok == (name not in SHUT)


def test_any_other_setting_is_at_least_named() -> None:
    """
    What no table knows, the comparison of all settings does.
    """
    findings = gates(hz="50")
    assert all_ok(findings)
    assert any(one.actual == "hz" for one in findings)


@pytest.mark.parametrize(
    ("running", "after", "policy", "opened"),
    [
        (1024 * MB, 12 * MB, "allkeys-lru", False),  # raised at run time, gone after the restart
        (0, 12 * MB, "allkeys-lru", False),
        (0, 12 * MB, "noeviction", False),
        (12 * MB, 12 * MB, "allkeys-lru", True),  # a cache that was made so small
        (12 * MB, 12 * MB, "noeviction", False),
        (12 * MB, 1024 * MB, "noeviction", True),
        (12 * MB, 0, "noeviction", True),
        (0, 29 * MB, "volatile-ttl", True),  # as good as the same
        (0, 29 * MB, "noeviction", False),
        (0, 0, "noeviction", True),
    ],
)
def test_what_is_placed_must_fit_into_the_next_maxmemory(
    running: int, after: int, policy: str, *, opened: bool
) -> None:
    """
    30 MB to be placed: what the restart brings decides; the loss and the remedy are named.
    """
    findings = gates(
        {"maxmemory": str(running), "maxmemory-policy": policy},
        **{"maxmemory": str(after), "maxmemory-policy": policy},
    )
    fits = next(one for one in findings if one.check == "what is placed fits into maxmemory")
    assert fits.ok == opened
    assert bool(fits.detail) == (0 < after < 30 * MB)
    if not fits.ok:
        assert "maxmemory" in fits.detail.split(";")[-1]


def test_a_dead_server_is_judged_by_the_manifest() -> None:
    """
    Nothing runs: the limit at the time of the backup says whether a smaller one was meant.
    """
    start = replace(START, settings={**SETTINGS, "maxmemory": "12mb"})
    dead = replace(FACTS, ahead=Ahead({}, start), recorded={"maxmemory": "0"})
    assert [one.check for one in bad(next_start_gates(dead))] == [
        "what is placed fits into maxmemory"
    ]
    meant = replace(dead, recorded={"maxmemory": str(12 * MB)})
    assert all_ok(next_start_gates(meant))


@pytest.mark.parametrize("login", ["refused", "not wanted"])
def test_a_password_that_the_restart_does_not_know_shuts_the_gate(login: Any) -> None:
    """
    Rotated at run time, or set there only: nobody of ours would get in after the restart.
    """
    facts = replace(FACTS, ahead=Ahead(SETTINGS, replace(START, login=login)))
    (shut,) = bad(next_start_gates(facts))
    assert shut.check == "the configured password opens the next start"
    assert shut.actual == login
    assert "CONFIG REWRITE" in shut.detail


def test_modules_are_those_of_the_next_start() -> None:
    """
    A module loaded at run time is gone; data of one needs it, other data does not.
    """
    needs = replace(FACTS, modules=("search",))
    (shut,) = bad(next_start_gates(needs))
    assert shut.expected == "search"
    has = replace(START, modules=(Module("search", "/m.so"),))
    assert all_ok(next_start_gates(replace(needs, ahead=Ahead(SETTINGS, has))))


@pytest.mark.parametrize("known", [True, False])
def test_a_cluster_node_is_refused_also_where_it_runs_as_one(*, known: bool) -> None:
    """
    The next start says so, or the manifest where that is unknown: no difference is needed.
    """
    cluster = {**SETTINGS, "cluster-enabled": "yes"}
    start = replace(START, settings=cluster) if known else NextStart({}, unknown="no container")
    facts = replace(FACTS, ahead=Ahead(cluster, start))
    (shut,) = bad(next_start_gates(facts))
    assert shut.check == "no node of a Redis Cluster after the restart"


def test_fewer_databases_than_now_could_not_load_the_old_data() -> None:
    """
    A rollback loads the old data, which may use the higher ones.
    """
    (shut,) = bad(gates(databases="4"))
    assert shut.check == "the data that is there now can be loaded again"


def test_protected_mode_without_a_password_is_no_address() -> None:
    """
    It answers on the loopback of its container only.
    """
    running = {"requirepass": ""}
    assert bad(gates(running, **{"protected-mode": "yes", "requirepass": ""}))
    assert all_ok(gates(**{"protected-mode": "yes"}))


def test_an_unknown_start_is_called_unknown() -> None:
    """
    Where the start could not be made, the log says why, and what is parsed is judged.
    """
    start = NextStart({"maxmemory": "12mb"}, unknown="no network")
    findings = next_start_gates(replace(FACTS, ahead=Ahead(SETTINGS, start)))
    told = findings[0]
    assert told.ok
    assert "unknown" in told.actual
    assert told.detail == "no network"
    assert [one.check for one in bad(findings)] == ["what is placed fits into maxmemory"]
