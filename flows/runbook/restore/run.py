"""One restore from its beginning: the instance is held, the backup is chosen and downloaded."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import Operation, begin_operation
from redis_dr.flows.runbook.operation.read_lease import reading
from redis_dr.flows.runbook.restore.look_ahead import look_ahead
from redis_dr.flows.runbook.restore.prepare import DownloadedBackup, download_any
from redis_dr.tasks.catalog.catalog import choose
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import Choice, choice_of
from redis_dr.tasks.model.catalog.origins import mixed_origins
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.next_start_gates import Ahead
from redis_dr.tasks.model.restore.origin_gate import judge_origin
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.origin import origin_of
from redis_dr.tasks.workspace import workspace


@dataclass(frozen=True, slots=True)
class RestoreRun:
    """The operation, what was asked for, and the backup on this machine."""

    operation: Operation
    options: RestoreOptions
    catalog: Catalog
    backup: DownloadedBackup
    ahead: Ahead
    choice: Choice
    origin: Finding  # whether a backup that was made there may be restored here
    lease: tuple[Finding, ...] = ()  # that the store takes none; it does not change the verdict


@contextmanager
def begin_restore(
    instance: Instance, options: RestoreOptions, progress: Progress
) -> Iterator[RestoreRun]:
    """Choose the backup, hold the instance, keep prune away from the backup, download it."""
    catalog = open_catalog(instance)
    manifest = choose(catalog, options.backup, options.origin)
    choice = choice_of(catalog, options.stands_for or options.backup, manifest, options.origin)
    for backup_id, why in choice.skipped.items():
        progress(f"skipping the newer backup {backup_id}: {why}")
    operation_id = new_backup_id(datetime.now(UTC))
    with (
        begin_operation(instance, "restore", operation_id, progress) as operation,
        reading(instance, manifest, progress=progress) as lease,
        workspace(_needed(manifest, options)) as folder,
    ):
        with ThreadPoolExecutor(1) as beside:
            looking = beside.submit(look_ahead, operation)  # beside the download: both only read
            # a replay needs the new names of commands, which only the next start tells
            renamed = looking.result().start.renamed if options.source == "aof" else {}
            backup = download_any(operation, manifest, options, folder, renamed)
            ahead = looking.result()
        here = origin_of(operation.survey.container)
        origin = judge_origin(manifest.origin, here, options.origin, mixed_origins(catalog))
        yield RestoreRun(operation, options, catalog, backup, ahead, choice, origin, lease)


def _needed(manifest: Manifest, options: RestoreOptions) -> int:
    """Bytes on this machine: the RDB as it is stored and as it is placed, and the AOF's files."""
    if options.source == "rdb":
        return 2 * manifest.rdb.size
    return manifest.size + manifest.rdb.size
