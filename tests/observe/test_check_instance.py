"""`check` on a real instance: good while all is well, and red for each thing that is not."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from redis_dr.flows.runbook.observe.check import check
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.helper import hold
from redis_dr.tasks.model.observe.check_report import CheckReport
from redis_dr.tasks.model.observe.check_server import judge_clock
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.holder import Holder
from tests.support.prefect_server import PrefectServer
from tests.support.proven_redis import ProvenRedis
from tests.support.redis_server import PASSWORD
from tests.support.waiting import wait_until


def bad(report: CheckReport) -> dict[str, Finding]:
    """The checks that are not good."""
    return {one.check: one for one in report.findings if not one.ok}


def test_all_is_well_with_a_fresh_proven_backup(proven_redis: ProvenRedis) -> None:
    """No finding is bad, and the figures are those of the backup."""
    report = check(proven_redis.instance)

    assert bad(report) == {}
    assert report.ok
    assert report.backups == 1
    assert report.keys == {0: 50}
    assert report.newest_proven_id == report.newest_backup_id


def test_the_server_is_only_looked_at(proven_redis: ProvenRedis) -> None:
    """No key, no setting, no save changes; the helper is not taken."""
    client = proven_redis.server.client()
    before = (client.dbsize(), client.lastsave(), client.config_get())
    check(proven_redis.instance)

    assert (client.dbsize(), client.lastsave(), client.config_get()) == before


@pytest.mark.parametrize(
    ("setting", "value"), [("save", ""), ("appendonly", "no"), ("maxmemory", "1gb")]
)
def test_a_setting_that_drifted_is_seen(
    proven_redis: ProvenRedis, setting: str, value: str
) -> None:
    """Somebody changed it at run time."""
    client = proven_redis.server.client()
    before = client.config_get(setting)[setting]
    client.config_set(setting, value)
    try:
        found = bad(check(proven_redis.instance))
    finally:
        client.config_set(setting, before)

    assert setting in str(found["configuration"].actual)


def test_a_password_that_the_restart_does_not_know_is_seen(proven_redis: ProvenRedis) -> None:
    """It was changed at run time only: a restore would lock itself and the clients out."""
    client = proven_redis.server.client()
    changed = proven_redis.instance.model_copy(update={"password": SecretStr("rotated")})
    client.config_set("requirepass", "rotated")
    try:
        found = bad(check(changed))
    finally:
        proven_redis.server.client(password="rotated").config_set("requirepass", PASSWORD)

    assert list(found) == ["the configured password opens the next start"]
    assert "requirepass" in next(iter(found.values())).detail


def test_a_restart_that_loads_other_files_is_seen(proven_redis: ProvenRedis) -> None:
    """AOF was switched off at run time only: a rollback would not bring back what is served."""
    client = proven_redis.server.client()
    client.config_set("appendonly", "no")
    try:
        found = bad(check(proven_redis.instance))
    finally:
        client.config_set("appendonly", "yes")

    assert "CONFIG SET appendonly yes" in found["appendonly after the restart"].detail


def test_a_failed_save_is_seen(proven_redis: ProvenRedis) -> None:
    """The folder cannot be written to: BGSAVE fails, and production stops writing soon."""
    client = proven_redis.server.client()
    owner = proven_redis.server.sh("stat -c %u:%g /data").strip()
    proven_redis.server.sh("chown 0:0 /data && chmod 755 /data")
    try:
        client.bgsave(schedule=False)
        wait_until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"])
        found = bad(check(proven_redis.instance))
    finally:
        proven_redis.server.sh(f"chown {owner} /data")
        client.save()

    assert found["last BGSAVE"].actual == "err"


def test_a_dead_server_is_a_finding_and_no_crash(proven_redis: ProvenRedis, tmp_path: Path) -> None:
    """The store is still judged; every check that could not run is bad."""
    away = proven_redis.instance.model_copy(update={"url": "redis://127.0.0.1:1"})
    report = check(away)

    assert "the server answers" in bad(report)
    assert "age of the newest backup" not in bad(report)


def test_an_unreachable_store_is_a_finding(proven_redis: ProvenRedis, tmp_path: Path) -> None:
    """A file stands where the store's directory should be."""
    (tmp_path / "file").write_text("")
    store = proven_redis.instance.store.model_copy(
        update={"url": f"file:{tmp_path / 'file' / 'store'}"}
    )
    report = check(proven_redis.instance.model_copy(update={"store": store}))

    assert not report.ok
    assert any("store" in name or "backup" in name for name in bad(report))


def test_hands_of_a_dead_operation_are_seen(proven_redis: ProvenRedis) -> None:
    """They are there, and their process is not."""
    dead = Holder(
        operation="restore",
        id="x",
        instance=proven_redis.instance.name,
        started="",
        hostname="",
        machine=Holder.this_process("restore", "x", "x").machine,
        pid=2**22 - 1,
        born="1",
    )
    with hold(inspect(proven_redis.server.name), dead, 30):
        found = bad(check(proven_redis.instance))

    assert "is dead" in str(found["nothing was left half done"].actual)


def test_replaced_data_that_stays_too_long_is_seen(proven_redis: ProvenRedis) -> None:
    """What a restore set aside ten days ago, with the limit of 72 hours."""
    old = "/data/.redis-dr/20261101T000000Z-000000/old"
    proven_redis.server.sh(
        f"mkdir -p {old} && echo data > {old}/dump.rdb && touch -d 2026-01-01 {old}"
    )
    try:
        report = check(proven_redis.instance)
    finally:
        proven_redis.server.sh("rm -rf /data/.redis-dr")

    assert "replaced data on the volume" in bad(report)
    assert report.set_aside_bytes > 0


@pytest.mark.parametrize(("seconds", "ok"), [(-6, False), (-4, True), (4, True), (6, False)])
def test_clocks_that_differ_are_seen(seconds: int, ok: bool) -> None:
    """Five seconds are allowed, in both directions."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    theirs = now + timedelta(seconds=seconds)

    assert judge_clock("the server", theirs, (now, now), 5).ok is ok


def test_a_paused_schedule_is_seen(
    proven_redis: ProvenRedis, prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real Prefect API: one deployment of ours whose schedule somebody paused."""
    prefect_api = f"{prefect_server.url}/api"
    watched = proven_redis.configured(prefect_api_url=prefect_api)
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", prefect_server.login)
    with prefect_server.plain_client() as api:
        name = f"f-{secrets.token_hex(4)}"
        flow = api.post("/flows/", json={"name": name}).raise_for_status().json()["id"]
        body = {
            "name": "nightly-of-the-test",
            "flow_id": flow,
            "tags": ["redis-dr"],
            "schedules": [{"active": True, "schedule": {"cron": "0 2 * * *"}}],
        }
        # a busy server may answer 503 for a moment
        wait_until(lambda: api.post("/deployments/", json=body).is_success, 30, "a deployment")
        made = api.get("/deployments/name/" + f"{name}/nightly-of-the-test").json()["id"]
        active = bad(check(watched))
        api.patch(f"/deployments/{made}", json={"paused": True}).raise_for_status()
        paused = bad(check(watched))
        api.delete(f"/deployments/{made}")

    assert "schedules are active" not in active
    assert "nightly-of-the-test" in str(paused["schedules are active"].actual)


def test_a_prefect_api_that_does_not_answer_is_a_finding(proven_redis: ProvenRedis) -> None:
    """Nobody knows whether the schedule runs: that is not well."""
    found = bad(check(proven_redis.configured(prefect_api_url="http://127.0.0.1:1/api")))

    assert "did not answer" in str(found["schedules are active"].actual)
