"""Prepare a restore before anything stops: download, check, apply the policies, judge the gates."""

import time
from dataclasses import dataclass
from pathlib import Path

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.server_image import image_server
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import UnknownRdb
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_gates import Facts, restore_gates
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.target import Target, target_of
from redis_dr.tasks.observe.survey import configuration_text, free_bytes, users_of
from redis_dr.tasks.rdb import SplicePlan, SpliceResult
from redis_dr.tasks.restore.download import agrees, fetch, look_inside
from redis_dr.tasks.restore.policy import apply_policy, splice_plan
from redis_dr.tasks.restore.policy_by_server import PolicyJob, filter_by_server
from redis_dr.tasks.restore.replay_aof import ReplayJob, replay, require_aof
from redis_dr.tasks.restore.staging import owner_of_data


@dataclass(frozen=True, slots=True)
class DownloadedBackup:
    """The RDB of a backup on this machine, every hash checked."""

    manifest: Manifest
    rdb: Path
    inventory: Inventory | None  # None: the format is newer than this release reads


@dataclass(frozen=True, slots=True)
class NewData:
    """The file that a restore places on the volume, and where it belongs."""

    backup: DownloadedBackup
    placed: Path
    spliced: SpliceResult
    target: Target
    owner: Owner


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore would place, and whether it may: every gate must be good."""

    data: NewData
    gates: tuple[Finding, ...]


def download(
    operation: Operation, manifest: Manifest, options: RestoreOptions, workspace: Path
) -> tuple[Path, Inventory]:
    """The backup's RDB on this machine, every hash checked, and what is inside.

    From the AOF: the append directory, replayed by a throwaway server of the instance's image.
    """
    operation.progress(f"fetching {manifest.backup_id} ({manifest.stored_size:,} bytes)")
    with operation.timings.measure("fetch"):
        rdb = _fetch_rdb(operation, manifest, options, workspace)
    with operation.timings.measure("inspect"):
        return rdb, look_inside(rdb, operation.instance, _now_ms())


def download_any(
    operation: Operation, manifest: Manifest, options: RestoreOptions, workspace: Path
) -> DownloadedBackup:
    """The same, also for an RDB that only a server can read: a server then filters and counts."""
    try:
        return DownloadedBackup(manifest, *download(operation, manifest, options, workspace))
    except UnknownRdb as error:
        operation.progress(f"only a server can read this backup, so one will: {error.problem}")
        return DownloadedBackup(manifest, workspace / "fetched.rdb", None)


def _fetch_rdb(
    operation: Operation, manifest: Manifest, options: RestoreOptions, workspace: Path
) -> Path:
    if options.source == "rdb":
        return fetch(operation.instance, manifest, manifest.rdb, workspace / "fetched.rdb")
    files = require_aof(manifest)
    paths = [fetch(operation.instance, manifest, file, workspace / file.name) for file in files]
    operation.progress("replaying the append-only files")
    databases = manifest.persistence.databases
    job = ReplayJob(operation.survey.container, operation.layout, tuple(paths), databases)
    return replay(operation.helper, job, operation.instance)


def prepare(
    operation: Operation,
    backup: DownloadedBackup,
    options: RestoreOptions,
    live: Path | None = None,
) -> RestorePlan:
    """Apply the policies and judge every gate. `live` is the RDB of the server as it is now."""
    text = configuration_text(operation.helper, operation.survey)
    target = target_of(operation.survey.container, _persistence(operation, backup.manifest), text)
    operation.progress("applying the policies")
    with operation.timings.measure("policy"):
        now_ms, has_live = _now_ms(), live is not None
        plan = splice_plan(operation.instance, backup.manifest, options, now_ms, has_live=has_live)
        placed = backup.rdb.with_name("placed.rdb")
        if backup.inventory is None:
            job = _policy_job(operation, backup, target, plan)
            spliced = filter_by_server(operation.helper, job, operation.server)
        else:
            spliced = apply_policy(backup.rdb, placed, plan, live)
    owner = owner_of_data(operation.helper, target, operation.survey.container.user)
    data = NewData(backup, placed, spliced, target, owner)
    return RestorePlan(data, _judge(operation, data, options))


def _policy_job(
    operation: Operation, backup: DownloadedBackup, target: Target, plan: SplicePlan
) -> PolicyJob:
    return PolicyJob(
        container=operation.survey.container,
        layout=operation.layout,
        target=target,
        plan=plan,
        source=backup.rdb,
        placed=backup.rdb.with_name("placed.rdb"),
    )


def _judge(operation: Operation, data: NewData, options: RestoreOptions) -> tuple[Finding, ...]:
    backup = data.backup
    content: tuple[Finding, ...] = ()
    if backup.inventory is not None and options.source == "rdb":
        content = agrees(backup.manifest, backup.inventory)
    return (*content, *restore_gates(_facts(operation, data, options)))


def _facts(operation: Operation, data: NewData, options: RestoreOptions) -> Facts:
    server, version = image_server(operation.helper)
    size, manifest = data.spliced.size, data.backup.manifest
    written = (db for db, account in data.spliced.databases.items() if account.written)
    return Facts(
        survey=operation.survey,
        target=data.target,
        manifest=manifest,
        # the staged file, and what the trial saves beside it
        needed=size * 2,
        free=free_bytes(operation.helper, data.target.dir),
        image_version=version,
        image_server=server,
        rdb_version=data.spliced.rdb_version,
        used_memory=manifest.used_memory * size // max(1, data.backup.rdb.stat().st_size),
        highest_db=max(written, default=0),
        uid=data.owner.uid,
        gid=data.owner.gid,
        trial=options.trial and operation.instance.restore.trial,
        users=users_of(operation.helper, operation.server, operation.survey),
    )


def _persistence(operation: Operation, manifest: Manifest) -> Persistence:
    # a dead server cannot be asked: its settings at the time of the backup, in the folder seen now
    if operation.survey.persistence is not None:
        return operation.survey.persistence
    return manifest.persistence.model_copy(update={"dir": operation.dir})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
