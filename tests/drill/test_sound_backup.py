"""A sound backup is proven, from the store alone, and production does not notice."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import docker
import pytest
import redis

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.flows.runbook.drill.scratch import on_scratch
from redis_dr.flows.runbook.restore.prepare import download
from redis_dr.tasks.catalog.catalog import choose, load_catalog
from redis_dr.tasks.engine.helper import holder_of
from redis_dr.tasks.engine.scratch import scratch_name
from redis_dr.tasks.evidence.proof import read_proof
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.drill.drill_report import RTO_PARTS, DrillReport
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.progress import quiet
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.storage.opening import open_store
from tests.support.drill_case import POLICY, DrillCase, fill, make_drill_case, rewrite_aof
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until


@pytest.fixture
def engine_state(docker_client: docker.DockerClient) -> Callable[[str], list[str]]:
    """Everything in the engine that carries an instance's name."""

    def state(name: str) -> list[str]:
        containers = docker_client.containers.list(all=True, ignore_removed=True)
        found = [*containers, *docker_client.volumes.list(), *docker_client.networks.list()]
        return [str(one.name) for one in found if name in str(one.name)]

    return state


def test_a_backup_is_proven_when_its_instance_is_gone(
    drill_case: DrillCase, engine_state: Callable[[str], list[str]]
) -> None:
    """The container and its volume do not exist any more: the store is enough, nothing is left."""
    report = drill_case.drill(turn=1)

    assert report.ok, [one for one in report.findings if not one.ok]
    assert report.content_equal
    assert report.negative_control
    assert report.negative_control.ok
    assert engine_state(drill_case.instance.name) == []


@pytest.fixture(scope="module")
def drilled(
    made: DrillCase, tmp_path_factory: pytest.TempPathFactory
) -> tuple[DrillCase, DrillReport]:
    """One drill that misses its targets, looked at from several sides."""
    drill_case = made.copy(tmp_path_factory.mktemp("drilled") / "store")
    drill_case = drill_case.configured(rto_seconds=0.001, rpo_seconds=0.001)
    return drill_case, drill_case.drill(control=False)


def test_a_drill_accounts_for_every_key(drilled: tuple[DrillCase, DrillReport]) -> None:
    """In the backup = placed + dropped, in each database; placed = restored + expired."""
    databases = drilled[1].databases

    assert sorted(databases) == [0, 1, 2]
    for one in databases.values():
        assert one.in_backup == one.placed - one.added + one.dropped
        assert one.placed == one.restored + one.expired
    assert databases[0].dropped == 2  # the lock, and the list that is requeued
    assert databases[1].placed == databases[2].placed == 0


def test_a_drill_says_what_its_digests_are_of(drilled: tuple[DrillCase, DrillReport]) -> None:
    """Records are compared by their bytes first: such a digest is none that a manifest holds."""
    drill_case, report = drilled
    found = {one.check: one for one in report.findings}["DB 0 holds the content that was placed"]

    assert found.detail == "digests of the records' own bytes"
    assert found.expected == found.actual != drill_case.manifest.databases[0].digest


def test_a_drill_measures_its_parts(drilled: tuple[DrillCase, DrillReport]) -> None:
    """RTO is the sum of fetch, inspect, policy, stage, boot, load, verify and warm."""
    drill_case, report = drilled

    parts = sum(report.timings.get(part, 0) for part in RTO_PARTS)
    assert report.rto_seconds == pytest.approx(parts, abs=0.01)
    assert report.rto_seconds < report.seconds
    assert report.rpo_seconds is not None
    age = (report.started_at - drill_case.manifest.created_at).total_seconds()
    assert report.rpo_seconds == pytest.approx(age, abs=0.01)


def test_a_missed_target_is_a_finding_and_no_stain_on_the_backup(
    drilled: tuple[DrillCase, DrillReport],
) -> None:
    """The verdict is bad, the backup is proven all the same."""
    drill_case, report = drilled

    assert not report.ok
    assert [one.check for one in report.findings if not one.ok] == ["RTO target", "RPO target"]
    assert report.proven
    assert drill_case.catalog.proven_at(drill_case.backup_id)
    assert f"{drill_case.backup_id} proven, RTO target missed;" in report.headline


def test_the_report_keeps_the_contract(drilled: tuple[DrillCase, DrillReport]) -> None:
    """The names of CONTRACT.md are in the JSON document."""
    document = json.loads(drilled[1].model_dump_json())

    wanted = {"backup_id", "rto_seconds", "rpo_seconds", "content_equal", "negative_control"}
    assert {*wanted, "timings", "findings", "ok"} <= document.keys()


def test_production_does_not_notice_a_drill(
    docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """Same run, same key space, no save, and no command but our own looking, while a drill runs."""
    drill_case, server = make_drill_case(docker_client, tmp_path / "store")
    try:
        client = server.client()
        before = _seen(client)
        assert drill_case.drill(turn=1).ok
        after = _seen(client)
    finally:
        server.remove()

    assert after == before


def _seen(client: redis.Redis) -> dict[str, Any]:
    stats = client.info("commandstats")
    calls = {name: one["calls"] for name, one in stats.items() if name != "cmdstat_info"}
    server, totals = client.info("server"), client.info("stats")
    saves = client.info("persistence")
    spaces = client.info("keyspace").items()
    return {
        "run_id": server["run_id"],
        "calls": calls,
        "connections": totals["total_connections_received"],
        "reads": (totals["keyspace_hits"], totals["keyspace_misses"]),
        "keyspace": {db: (one["keys"], one["expires"]) for db, one in spaces},
        "saves": [saves[name] for name in ("rdb_changes_since_last_save", "rdb_last_save_time")],
    }


@pytest.fixture
def plain_server(redis_factory: Callable[..., RedisServer], redis_image: str) -> RedisServer:
    """Each kind of server, without append-only files."""
    server = redis_factory(image=redis_image, args=["--appendonly", "no", "--databases", "20"])
    fill(server, 40)
    server.client(19).set("far", "away")
    return server


def test_every_kind_of_server_is_proven(plain_server: RedisServer, tmp_path: Path) -> None:
    """Redis 7.0, 8.0 and Valkey 8.1, with dump.rdb alone and a database above 15."""
    instance = instance_of(
        plain_server,
        name=plain_server.name,
        store={"url": f"file:{tmp_path / 'store'}"},
        **POLICY,
    )
    made = backup(instance, prove=True)

    assert made.ok, [one for one in made.findings if not one.ok]
    catalog = load_catalog(open_store(instance.store), instance.name)
    assert catalog.proven_at(made.backup_id)
    with open_store(instance.store).open(
        f"{instance.name}/backups/{made.backup_id}/proofs/{made.proof}"
    ) as source:
        report = read_proof(source.read())["predicate"]["report"]
    assert report["databases"]["19"]["restored"] == 1
    assert report["negative_control"]["red"]


def test_append_only_files_with_many_databases_are_replayed(
    redis_factory: Callable[..., RedisServer], tmp_path: Path
) -> None:
    """A key of database 19 in the base, one in the increment: both come back there, no alarm."""
    server = redis_factory(args=[*RUNBOOK_ARGS, "--databases", "20"])
    server.client(19).set("in", "the base")
    rewrite_aof(server)
    server.client(19).set("in the", "increment")
    store = {"url": f"file:{tmp_path / 'store'}"}
    instance = instance_of(server, name=server.name, store=store)
    backup(instance)
    manifest = choose(load_catalog(open_store(instance.store), instance.name), "latest")

    report = drill(instance, DrillOptions(control=False))
    with on_scratch(instance, manifest, new_backup_id(manifest.created_at), quiet) as (
        operation,
        _,
    ):
        _, inside = download(operation, manifest, RestoreOptions(source="aof"), tmp_path / "aof")

    assert report.ok, [one for one in report.findings if not one.ok]
    assert {db: one.keys for db, one in inside.databases.items()} == {19: 2}


def test_the_latest_of_a_flushed_database_is_not_drilled(
    docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """A backup after FLUSHALL is stored, suspicious, and never the latest."""
    drill_case, server = make_drill_case(docker_client, tmp_path / "store", keys=200)
    try:
        server.client().flushall()
        flushed = backup(drill_case.instance)
    finally:
        server.remove()

    assert flushed.suspicious
    assert choose(drill_case.catalog, "latest").backup_id == drill_case.backup_id


def test_drills_of_one_instance_queue(drill_case: DrillCase) -> None:
    """Two schedules of one minute: the second waits, and both prove. Without patience it is
    refused, and the first goes on undisturbed."""
    reports: list[DrillReport] = []
    drills = [
        Thread(target=lambda: reports.append(drill_case.drill(control=False))) for _ in range(2)
    ]
    for one in drills:
        one.start()
    wait_until(
        lambda: holder_of(scratch_name(drill_case.instance.name)), 30, "the first drill holds"
    )
    impatient = drill_case.instance.drill.model_copy(update={"turn_wait_seconds": 0})
    instance = drill_case.instance.model_copy(update={"drill": impatient})
    with pytest.raises(Refused, match="is held by drill"):
        drill(instance, DrillOptions(control=False))
    for one in drills:
        one.join(90)

    assert [one.proven for one in reports] == [True, True]
