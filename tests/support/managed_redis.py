"""An instance with a store, as redis-dr sees it, and its content as nobody of redis-dr sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.restore.restore import restore
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.restore.restore_report import RestoreOptions, RestoreReport
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer


@dataclass(frozen=True)
class ManagedRedis:
    """One server, one directory as its store."""

    server: RedisServer
    store: Path
    instance: Instance

    def backup(self) -> BackupReport:
        return backup(self.instance)

    def restore(
        self, meanwhile: dict[str, Callable[[], object]] | None = None, **options: Any
    ) -> RestoreReport:
        """Restore; `meanwhile` is done when the restore says that it begins the named thing."""
        chosen = RestoreOptions(confirm=self.instance.name, **options)

        def heard(text: str, _done: float | None = None, /) -> None:
            if meanwhile and text in meanwhile:
                meanwhile.pop(text)()

        return restore(self.instance, chosen, lambda _plan: True, heard)

    def digest(self) -> str:
        """The server's own digest of all databases; the same content gives the same text."""
        self.server.wait_until_ready()
        return str(self.server.client().execute_command("DEBUG", "DIGEST"), "ascii")

    def origin(self) -> str:
        """What its newest backup says of where it was made: another container must name it."""
        origin = open_catalog(self.instance).manifests[0].origin
        assert origin is not None
        return origin.id

    def run_id(self) -> str:
        return str(self.server.client().info("server")["run_id"])

    def helper_gone(self) -> bool:
        return not self.server.helpers()


def managed_redis(server: RedisServer, store: Path, **fields: Any) -> ManagedRedis:
    """The server as a configured instance; `fields` go on top of the configuration."""
    settings = {"store": {"url": f"file:{store}"}, **fields}
    return ManagedRedis(server, store, instance_of(server, **settings))


def fill(server: RedisServer, keys: int = 300) -> None:
    """The runbook's kinds of keys: a cache and locks in DB 0, tests in DB 1, sessions in DB 2."""
    for db, share in ((0, keys), (1, keys // 10), (2, keys // 10)):
        pipeline = server.client(db).pipeline(transaction=False)
        for number in range(share):
            pipeline.set(f"cache:{db}:{number}", f"value {number} " * 8)
            if number % 3 == 0:
                pipeline.expire(f"cache:{db}:{number}", 36_000)
        pipeline.hset(f"doc:{db}", mapping={"a": "1", "b": "2"})
        pipeline.rpush(f"queue:{db}", "one", "two", "three")
        pipeline.zadd(f"score:{db}", {"x": 1.5, "y": 2.5})
        pipeline.sadd(f"set:{db}", "p", "q")
        pipeline.xadd(f"stream:{db}", {"field": "value"})
        pipeline.execute()


def changed(made: ManagedRedis) -> tuple[str, str]:
    """Back up, change the content; digests of the backup and of what is there now."""
    saved = made.digest()
    made.backup()
    made.server.client().flushall()
    made.server.client().mset({f"now {n}": n for n in range(50)})
    return saved, made.digest()
