"""Bring a backup's RDB to this machine, every hash checked, and look inside."""

import shutil
from pathlib import Path

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.restore.agreement import agrees as agrees  # noqa: PLC0414 the flows look for it here
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import open_file

_CHUNK = 2**20


@step
def fetch(instance: Instance, manifest: Manifest, file: StoredFile, target: Path) -> Path:
    """Download, decrypt, decompress one file. Raises Damaged unless it is what was saved."""
    store = open_store(instance.store)
    prefix = backup_prefix(manifest.instance, manifest.backup_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_file(store, prefix, file) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    if target.stat().st_size != file.size:
        raise Damaged(f"{file.name} arrived short", "restore another backup")
    return target


def placed_size(helper: Helper, layout: Layout) -> int:
    """Bytes of the file that a restore placed. Raises ScriptFailed when its link is not there."""
    return int(helper.run('stat -c %s "$1"', layout.placed))


@step
def fetch_placed(helper: Helper, layout: Layout, target: Path) -> Path:
    """The file that a restore placed, from the instance's volume. Raises ScriptFailed."""
    with (
        helper.open(layout.placed, placed_size(helper, layout)) as source,
        target.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink, _CHUNK)
    return target


@step
def look_inside(path: Path, instance: Instance, now_ms: int) -> Inventory:
    """Count and digest an RDB file on this machine. Raises RdbError, UnknownRdb."""
    options = InventoryOptions(rules=instance.keys, taken_at_ms=now_ms, digest=True)
    with path.open("rb") as source:
        return take_inventory(source, options)
