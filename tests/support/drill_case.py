"""A filled server, two backups of it, and copies of that store to be broken."""

import io
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, open_file, store_file
from tests.support.instance import instance_of
from tests.support.redis_server import DEFAULT_IMAGE, RedisServer, start_redis
from tests.support.waiting import wait_until

POLICY: dict[str, Any] = {
    "databases": {"1": {"on_restore": "empty"}, "2": {"on_restore": "empty"}},
    "keys": [
        {"pattern": "lock:ingest:{doc_id}", "ttl": 300, "on_restore": "drop"},
        {"pattern": "queue:processing", "on_restore": "requeue:queue:pending"},
        {"pattern": "cache:{hash}", "ttl": 3600},
    ],
    "drill": {"lease_seconds": 15, "start_timeout_seconds": 60},
}


@dataclass(frozen=True)
class DrillCase:
    """One instance with a store of its own, and the backup in it that this is about."""

    instance: Instance
    store: Path
    backup_id: str
    other_id: str = ""  # an earlier backup, of other content

    @property
    def folder(self) -> Path:
        """Where the backup lies."""
        return self.store / self.instance.name / "backups" / self.backup_id

    @property
    def catalog(self) -> Catalog:
        return load_catalog(open_store(self.instance.store), self.instance.name)

    @property
    def manifest(self) -> Manifest:
        path = self.folder / "manifest.json"
        return Manifest.from_json(path.read_bytes(), str(path))

    def copy(self, target: Path) -> "DrillCase":
        """The same in another store, to be changed at will."""
        shutil.copytree(self.store, target)
        for path in target.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        store = StoreSettings(url=f"file:{target}")
        instance = self.instance.model_copy(update={"store": store})
        return replace(self, instance=instance, store=target)

    def configured(self, **drill_settings: Any) -> "DrillCase":
        """The same with other [drill] settings."""
        changed = self.instance.drill.model_copy(update=drill_settings)
        return replace(self, instance=self.instance.model_copy(update={"drill": changed}))

    def write(self, manifest: Manifest) -> None:
        """Put another manifest in its place, with the right hash of itself."""
        (self.folder / "manifest.json").write_bytes(manifest.to_json())

    def plain(self, name: str) -> bytes:
        """One file of the backup as it was on the server."""
        file = next(one for one in self.manifest.files if one.name == name)
        prefix = f"{self.instance.name}/backups/{self.backup_id}/"
        with open_file(open_store(self.instance.store), prefix, file) as source:
            return source.read()

    def put(self, name: str, data: bytes, recipients: tuple[str, ...] = ()) -> None:
        """Replace one file, every hash in the manifest made to fit: a lie that holds together."""
        manifest = self.manifest
        old = next(one for one in manifest.files if one.name == name)
        (self.folder / old.stored_name).unlink()
        settings = self.instance.store.model_copy(update={"age_recipients": recipients})
        prefix = f"{self.instance.name}/backups/{self.backup_id}/"
        folder = StoreFolder(open_store(settings), prefix, settings)
        new = store_file(folder, name, old.role, io.BytesIO(data))
        files = tuple(new if one is old else one for one in manifest.files)
        self.write(manifest.model_copy(update={"files": files}))

    def drill(self, **options: Any) -> DrillReport:
        return drill(self.instance, DrillOptions(backup=self.backup_id, **options))


def make_drill_case(
    engine: docker.DockerClient, store: Path, image: str = DEFAULT_IMAGE, keys: int = 120
) -> tuple[DrillCase, RedisServer]:
    """Start a server of the runbook, fill it, back it up twice."""
    server = start_redis(engine, image=image, args=RUNBOOK_ARGS)
    fill(server, keys)
    instance = instance_of(
        server,
        name=f"drill-{secrets.token_hex(4)}",
        store={"url": f"file:{store}"},
        **POLICY,
    )
    other = backup(instance).backup_id
    server.client().set("between", "the backups")
    rewrite_aof(server)
    return DrillCase(instance, store, backup(instance).backup_id, other), server


def fill(server: RedisServer, keys: int) -> None:
    """Keys of every type in three databases, and a function library."""
    for db, share in ((0, keys), (1, keys // 4), (2, keys // 4)):
        pipeline = server.client(db).pipeline(transaction=False)
        for number in range(share):
            pipeline.set(f"cache:{number:04}", f"answer {number} " * 6)
            if number % 3 == 0:
                pipeline.expire(f"cache:{number:04}", 36_000 + number)
            pipeline.hset(f"doc:{number}", mapping={"title": f"t{number}", "rank": number})
        pipeline.set("lock:ingest:d1", "held", ex=300)
        pipeline.rpush("queue:processing", "w1", "w2", "w3")
        pipeline.rpush("queue:pending", "p1")
        pipeline.rpush("list", *range(50))
        pipeline.sadd("set", *range(60))
        pipeline.sadd("members", "a", "b", "c")
        pipeline.zadd("ranking", {f"m{number}": number / 7 for number in range(150)})
        pipeline.xadd("events", {"kind": "start"})
        pipeline.execute()
    server.client().function_load(
        "#!lua name=mylib\nredis.register_function('f', function(keys, args) return 1 end)"
    )


def rewrite_aof(server: RedisServer) -> None:
    """After it the base of the append directory holds the data, not the increment."""
    client = server.client()
    client.execute_command("BGREWRITEAOF")

    def done() -> bool:
        info = client.info("persistence")
        return not (info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"])

    wait_until(done, 20, "the rewrite is over")
