"""One database of a backup as an RDB that any Redis loads: the runbook's export, for real."""

import os
import tempfile
import time
from pathlib import Path

from redis_dr.tasks.catalog.catalog import choose, load_catalog
from redis_dr.tasks.model.catalog.store_reports import ExportReport
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading, require
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.rdb import InventoryOptions, SplicePlan, splice, take_inventory
from redis_dr.tasks.restore.download import agrees, fetch, look_inside
from redis_dr.tasks.storage.opening import open_store


def export(
    instance: Instance, which: str, db: int, output: Path, progress: Progress = quiet
) -> ExportReport:
    """Write the keys of one database, and nothing else, to `output`; all of it or none.

    Raises UsageError, Damaged, StoreError, RdbError. The instance itself is not touched.
    """
    timings = Timings()
    manifest = choose(load_catalog(open_store(instance.store), instance.name), which)
    output.parent.mkdir(parents=True, exist_ok=True)
    # beside the target, so that the last step is a rename
    with tempfile.TemporaryDirectory(prefix=".redis-dr-", dir=output.parent) as workspace:
        progress(f"fetching {manifest.backup_id}")
        fetched = fetch(instance, manifest, manifest.rdb, Path(workspace) / "fetched.rdb")
        inventory = look_inside(fetched, instance, time.time_ns() // 1_000_000)
        sound = require(agrees(manifest, inventory), "export")
        progress(f"taking DB {db} out")
        part = Path(workspace) / "export.rdb"
        with fetched.open("rb") as source, part.open("wb") as target:
            result = splice(source, target, SplicePlan(only=frozenset({db})))
        expected = inventory.databases.get(db)
        with part.open("rb") as written:
            found = take_inventory(written, InventoryOptions()).databases
        same = _same(
            db, expected.digest if expected else None, {n: d.digest for n, d in found.items()}
        )
        part.replace(output)
    _flush(output.parent)
    findings = (*sound, same)
    return ExportReport(
        **heading("export", instance.name, timings, findings),
        backup_id=manifest.backup_id,
        db=db,
        keys=expected.keys if expected else 0,
        output=str(output),
        size=result.size,
        sha256=result.sha256,
    )


def _same(db: int, expected: str | None, found: dict[int, str | None]) -> Finding:
    wanted = {db: expected} if expected is not None else {}
    return Finding(
        check=f"the file holds DB {db} and nothing else",
        ok=found == wanted,
        expected=wanted,
        actual=found,
    )


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
