"""The main job where Redis demands TLS, client certificates and a user of its own."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.catalog.verify import verify
from redis_dr.flows.runbook.restore.restore import restore
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from tests.support.tls_redis import TlsRedis, start_tls_redis

USER = ("--user", "app", "on", ">app-secret", "~*", "+@all")


@pytest.fixture
def tls(docker_client: docker.DockerClient, tmp_path: Path) -> Iterator[TlsRedis]:
    started = start_tls_redis(
        docker_client,
        tmp_path,
        [*RUNBOOK_ARGS, *USER],
        restart_policy={"Name": "unless-stopped"},
    )
    yield started
    started.server.remove()


def test_backup_restore_and_verify_over_tls(tls: TlsRedis, tmp_path: Path) -> None:
    """As an ACL user with a client certificate; redis-py, not we, sees the keys come back."""
    (tmp_path / "secret").write_text("app-secret\n")
    instance = tls.instance(
        username="app",
        password=None,
        password_file=str(tmp_path / "secret"),
        store={"url": f"file:{tmp_path / 'store'}"},
    )
    client = tls.client()
    client.mset({f"key:{number}": f"value {number}" for number in range(200)})
    client.hset("hash", mapping={"a": "1"})
    taken = backup(instance)
    assert taken.ok
    client.flushall()

    report = restore(instance, RestoreOptions(confirm=instance.name), lambda _plan: True)

    assert report.ok, [one for one in report.findings if not one.ok]
    assert tls.client().dbsize() == 201
    assert tls.client().get("key:7") == b"value 7"
    assert tls.client().hgetall("hash") == {b"a": b"1"}
    assert verify(instance, taken.backup_id).ok
