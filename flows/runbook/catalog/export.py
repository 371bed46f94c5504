"""One database of a backup as an RDB that any Redis loads: the runbook's export, for real."""

import os
import tempfile
import time
from pathlib import Path

from redis_dr.tasks.catalog.catalog import choose
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.catalog.store_reports import ExportReport, ExportRequest
from redis_dr.tasks.model.errors import Refused, UsageError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading, require
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.rdb import InventoryOptions, SplicePlan, SpliceResult, splice, take_inventory
from redis_dr.tasks.restore.download import agrees, fetch, look_inside
from redis_dr.tasks.workspace import refused_when_full


def export(instance: Instance, request: ExportRequest, progress: Progress = quiet) -> ExportReport:
    """Write the keys of one database, and nothing else, to a file; all of it or none.

    Raises UsageError, Refused (the file exists, the disk is full), Damaged, StoreError, RdbError.
    The instance itself is not touched.
    """
    timings = Timings()
    _require_writable(request)
    manifest = choose(open_catalog(instance), request.backup)
    progress(f"fetching {manifest.backup_id}")
    folder = request.output.parent
    # beside the target, so that the last step is a rename
    with (
        refused_when_full(folder, "name a file on a disk with more space"),
        tempfile.TemporaryDirectory(prefix=".redis-dr-", dir=folder) as workspace,
    ):
        fetched = fetch(instance, manifest, manifest.rdb, Path(workspace) / "fetched.rdb")
        inventory = look_inside(fetched, instance, time.time_ns() // 1_000_000)
        sound = require(agrees(manifest, inventory), "export")
        progress(f"taking DB {request.db} out")
        part = Path(workspace) / "export.rdb"
        result = _take_database(fetched, part, request.db)
        expected = inventory.databases.get(request.db)
        same = _same(part, request.db, expected.digest if expected else None)
        part.replace(request.output)
        _flush(folder)
    return ExportReport(
        **heading("export", instance.name, timings, (*sound, same)),
        backup_id=manifest.backup_id,
        db=request.db,
        keys=expected.keys if expected else 0,
        output=str(request.output),
        size=result.size,
        sha256=result.sha256,
    )


def _require_writable(request: ExportRequest) -> None:
    output = request.output
    if request.db < 0:
        raise UsageError(f"--db {request.db} is not a database", "give its number, 0 or more")
    if output.exists() and not request.overwrite:
        raise Refused(f"{output} exists already", "name another file, or add --overwrite")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{output.parent} cannot be created: {error.strerror}", "name another file"
        ) from error
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{output.parent} is not writable", "name a file in another folder")


def _take_database(source: Path, target: Path, db: int) -> SpliceResult:
    # only this user may read it: it holds production's data
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as whole, os.fdopen(descriptor, "wb") as part:
        return splice(whole, part, SplicePlan(only=frozenset({db})))


def _same(part: Path, db: int, digest: str | None) -> Finding:
    with part.open("rb") as written:
        databases = take_inventory(written, InventoryOptions()).databases
    actual = {number: database.digest for number, database in databases.items()}
    expected = {db: digest} if digest is not None else {}
    return Finding(
        check=f"the file holds DB {db} and nothing else",
        ok=actual == expected,
        expected=expected,
        actual=actual,
    )


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
