"""The example configuration and the Compose file say what the runbook says."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from redis_dr.deployments.demo.instance import PASSWORD_FILE, RUNBOOK_ARGS, START, secret_archive
from redis_dr.deployments.demo.prefect_login import closed
from redis_dr.deployments.demo.prefect_server import environment
from redis_dr.tasks.cache.query_lists import read_lists
from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.model.settings.instance import RUNBOOK_SERVER
from tests.support.leftovers import labels, remove_family, remove_volume
from tests.support.waiting import wait_until

PASSWORD = 'a b#c"d\\e$f'
DEPLOYMENTS = Path(__file__).resolve().parents[2] / "deployments"
# the runbook's tables; 0: no TTL
TTLS = {
    "doc:cache:{doc_id}": 3600,
    "doc:embeddings:{doc_id}:{chunk_id}": 86400,
    "query:cache:{query_hash}": 1800,
    "query:results:{query_hash}": 1800,
    "fusion:rrf:{query_hash}": 900,
    "fusion:weighted:{query_hash}": 900,
    "expansion:candidates:{chunk_id}": 3600,
    "lock:ingest:{doc_id}": 300,
    "lock:processing:{doc_id}": 600,
    "lock:write:neo4j:{entity_id}": 30,
    "lock:write:qdrant:{collection}": 30,
    "queue:ingest:pending": 0,
    "queue:ingest:processing": 3600,
    "queue:ingest:failed": 86400,
    "queue:retry:{timestamp}": 7200,
    "metrics:ingestion:total": 0,
    "metrics:queries:total": 0,
    "metrics:cache:hits": 0,
    "metrics:cache:misses": 0,
    "ratelimit:{client_ip}:{endpoint}": 60,
    "ratelimit:global:{endpoint}": 60,
}


@pytest.fixture
def compose() -> Any:
    """The Compose file, with its dollars as Compose would pass them on."""
    return yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text().replace("$$", "$"))


def test_every_pattern_of_the_runbook_is_configured_with_its_ttl():
    """All 21, in database 0."""
    instance = load_settings(DEPLOYMENTS / "redis-dr.toml").instance("weka-redis")
    found = {rule.pattern: rule.ttl or 0 for rule in instance.keys if rule.db == 0}
    assert {pattern: found[pattern] for pattern in TTLS} == TTLS


def test_locks_and_rate_limits_stay_out_and_work_in_progress_goes_back_in_line():
    """The runbook's recovery priorities, as policy."""
    instance = load_settings(DEPLOYMENTS / "redis-dr.toml").instance()
    dropped = {rule.pattern.split(":")[0] for rule in instance.keys if rule.action == "drop"}
    requeued = {rule.pattern: rule.requeue_to for rule in instance.keys if rule.requeue_to}
    assert dropped == {"lock", "ratelimit"}
    assert requeued == {"queue:ingest:processing": "queue:ingest:pending"}
    assert [instance.database(db).on_restore for db in (0, 1, 2)] == ["restore", "empty", "empty"]


def test_the_example_list_is_a_list_of_queries():
    """It is found beside the configuration, and read."""
    instance = load_settings(DEPLOYMENTS / "redis-dr.toml").instance()
    assert len(read_lists(instance.warm.lists)) >= 5


def test_compose_starts_redis_as_the_demo_does(compose):
    """The same start, the same arguments: what was tested is what people run."""
    redis = compose["services"]["redis"]
    assert redis["entrypoint"] == ["sh", "-c", START, "redis"]
    assert redis["command"] == RUNBOOK_ARGS
    assert redis["restart"] == "unless-stopped"
    assert redis["volumes"] == ["redis-data:/data"]


def test_the_worker_of_compose_reaches_what_compose_starts(compose, monkeypatch):
    """Its variables over the example file give the right addresses."""
    for name, value in compose["services"]["worker"]["environment"].items():
        monkeypatch.setenv(name, value)
    instance = load_settings(DEPLOYMENTS / "redis-dr.toml").instance()
    assert instance.container == compose["services"]["redis"]["container_name"]
    assert instance.url == "redis://redis:6379"
    assert instance.password_file == PASSWORD_FILE
    assert (instance.store.url, instance.store.endpoint_url) == (
        "s3://redis-dr/backups",
        "http://store:9000",
    )


def test_composes_prefect_is_closed_to_others(compose, tmp_path):
    """It asks for a login from a file, trusts its own pages only, and remembers its leases; both
    commands, run with a file, hand over its text and nothing in argv."""
    server, worker = compose["services"]["prefect"], compose["services"]["worker"]
    ours = environment(tmp_path / "home", 4200)
    for name, value in server["environment"].items():
        assert ours.get(name, value) == value or name == "PREFECT_HOME"
    assert {*closed(tmp_path / "home", "")} - {*server["environment"]} == {
        "PREFECT_SERVER_API_AUTH_STRING",
        "PREFECT_API_AUTH_STRING",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED",  # Prefect's default
    }
    login = tmp_path / "prefect_login"
    login.write_text("redis-dr:word\n")
    for service, variable, program in (
        (server, "PREFECT_SERVER_API_AUTH_STRING", "prefect server start"),
        (worker, "PREFECT_API_AUTH_STRING", "python -m redis_dr.deployments.serve"),
    ):
        script = service["command"][2].replace("/run/secrets/prefect_login", str(login))
        assert f"exec {program}" in script
        script = script.replace(f"exec {program}", f"printenv {variable} #")
        answer = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        assert answer.stdout == "redis-dr:word\n"
        assert "prefect_login" in service["secrets"]


def test_no_secret_stands_in_compose(compose):
    """Passwords and keys come from files: no variable and no argument holds one."""
    for service in compose["services"].values():
        words = [*service.get("environment", {}), *map(str, service.get("command", []))]
        words = [word.replace("/run/secrets/", "") for word in words]  # paths of files
        assert not [word for word in words if re.search(r"(?i)secret|token|requirepass", word)]
    assert set(compose["secrets"]) == {"redis_password", "aws_credentials", "prefect_login"}


def test_composes_redis_runs_as_the_runbook_says(compose, docker_client, redis_server):
    """Started with Compose's own words: settings as in the runbook, healthy, password kept."""
    redis = compose["services"]["redis"]
    name = f"{redis_server.name}-compose"
    engine = docker_client
    container = engine.containers.create(
        redis_server.image,
        name=name,
        entrypoint=redis["entrypoint"],
        command=redis["command"],
        volumes={name: {"bind": "/data"}},
        labels=labels(),
        healthcheck={"test": redis["healthcheck"]["test"], "interval": 200_000_000},
    )
    try:
        container.put_archive("/", secret_archive(PASSWORD))
        container.start()
        wait_until(lambda: _health(container) == "healthy", 30, "compose's health check passes")
        said = container.exec_run(
            ["sh", "-c", f"REDISCLI_AUTH=$(cat {PASSWORD_FILE}) redis-cli config get '*'"]
        ).output.decode()
        words = said.splitlines()
        settings = dict(zip(words[::2], words[1::2], strict=True))
        expected = {**RUNBOOK_SERVER, "maxmemory": str(256 * 2**20), "requirepass": PASSWORD}
        assert {name: settings[name] for name in expected} == expected
        assert "a b" not in container.exec_run(["cat", "/proc/1/cmdline"]).output.decode()
    finally:
        remove_family(engine, name)
        remove_volume(engine, name)


def _health(container: Any) -> str:
    container.reload()
    return str(container.attrs["State"]["Health"]["Status"])


def test_the_dockerfile_copies_what_is_there():
    """Every source of a COPY exists in the clone."""
    text = (DEPLOYMENTS / "Dockerfile").read_text()
    sources = [
        name for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for name in line.split()
    ]
    root = DEPLOYMENTS.parent
    assert sources
    assert [name for name in sources if not (root / name).exists()] == []
