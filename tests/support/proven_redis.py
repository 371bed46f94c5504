"""A server with one proven backup, for all tests of a module."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from redis_dr.tasks.catalog.catalog import add_proof
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer, start_redis


@dataclass(frozen=True)
class ProvenRedis:
    """A server with one proven backup."""

    server: RedisServer
    instance: Instance
    store: Path

    def configured(self, **check_settings: Any) -> Instance:
        changed = self.instance.check.model_copy(update=check_settings)
        return self.instance.model_copy(update={"check": changed})


@pytest.fixture(scope="module")
def proven_redis(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProvenRedis]:
    """Tests put back what they change."""
    server = start_redis(docker_client, args=RUNBOOK_ARGS)
    store = tmp_path_factory.mktemp("check") / "store"
    server.client().mset({f"key:{number}": number for number in range(50)})
    instance = instance_of(
        server, name=f"check-{secrets.token_hex(4)}", store={"url": f"file:{store}"}
    )
    made = backup(instance)
    name = proof_name("drill", made.started_at, ok=True)
    add_proof(open_store(instance.store), instance.name, made.backup_id, name, b"{}")
    yield ProvenRedis(server, instance, store)
    server.remove()
