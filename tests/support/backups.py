"""Whole backups made by hand: a real RDB, its inventory, its files in a store, its manifest."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from redis_dr.tasks.catalog.catalog import commit
from redis_dr.tasks.model.backup.inventory import DatabaseInventory, PatternInventory
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.store_layout import backup_prefix, new_backup_id
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.rdb import take_inventory
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, store_file
from tests.support import raw_rdb
from tests.support.stores import noise

NAME = "weka-redis"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@cache
def rdb(keys: int = 50, seed: int = 0) -> bytes:
    """An RDB file with that many strings in DB 0 and one in DB 3."""
    records = [
        raw_rdb.record(0, b"key:%d" % n, raw_rdb.string(noise(200, b"%d %d" % (seed, n))))
        for n in range(keys)
    ]
    one = [raw_rdb.record(0, b"other", raw_rdb.string(b"value"))]
    return raw_rdb.file(raw_rdb.database(records) + raw_rdb.database(one, number=3))


def instance(store: StoreSettings, **options: object) -> Instance:
    """An instance that keeps its backups there."""
    return Instance.model_validate(
        {"name": NAME, "container": NAME, "store": store.model_dump(), **options}
    )


def manifest(created_at: datetime = NOON, **fields: object) -> Manifest:
    """A manifest whose file nobody stored: enough for pure decisions."""
    file = StoredFile(
        name="dump.rdb",
        role="rdb",
        size=10,
        sha256="0" * 64,
        stored_name="dump.rdb.zst",
        stored_size=7,
        stored_sha256="1" * 64,
        codec="zstd",
    )
    given: dict[str, object] = {
        "backup_id": new_backup_id(created_at),
        "instance": NAME,
        "created_at": created_at,
        "redis_version": "7.0.15",
        "rdb_version": 11,
        "image": "redis:7.0",
        "run_id": "0" * 40,
        "persistence": Persistence(
            dir="/data",
            dbfilename="dump.rdb",
            appendonly=False,
            appenddirname="appendonlydir",
            appendfilename="appendonly.aof",
        ),
        "files": (file,),
    }
    return Manifest.model_validate(given | fields)


def counted(
    databases: Mapping[int, int], patterns: Mapping[str, int] | None = None
) -> dict[str, object]:
    """Manifest fields: keys by database, and keys by pattern of DB 0."""
    return {
        "databases": {n: DatabaseInventory(keys=keys, expires=0) for n, keys in databases.items()},
        "patterns": tuple(
            PatternInventory(pattern=name, db=0, keys=keys, bytes=0)
            for name, keys in (patterns or {}).items()
        ),
    }


def store_backup(
    settings: StoreSettings, created_at: datetime = NOON, *, seed: int = 0, **fields: object
) -> Manifest:
    """A whole backup in the store: an RDB and an append-only file, manifest last."""
    made = manifest(created_at, **fields)
    prefix = backup_prefix(NAME, made.backup_id)
    data, store = rdb(seed=seed), open_store(settings)
    folder = StoreFolder(store, prefix, settings)
    files = (
        store_file(folder, "dump.rdb", "rdb", io.BytesIO(data)),
        store_file(folder, "appendonly/a.1.incr.aof", "aof-incr", io.BytesIO(noise(900))),
    )
    inventory = take_inventory(io.BytesIO(data))
    made = made.model_copy(
        update={"files": files, "inventory": inventory, "databases": inventory.databases}
    )
    commit(store, made)
    return made


def days_ago(days: float) -> datetime:
    """Counted from noon."""
    return NOON - timedelta(days=days)
