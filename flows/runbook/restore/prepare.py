"""Prepare a restore before anything stops: download, check, apply the policies, judge the gates."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.server_image import image_server
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import UnknownRdb
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.next_start_gates import Ahead, StartFacts, next_start_gates
from redis_dr.tasks.model.restore.restore_gates import Facts, restore_gates
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.server.acl import Users
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.target import Target, target_of
from redis_dr.tasks.observe.instance_facts import InstanceQuestion, instance_facts
from redis_dr.tasks.observe.survey import free_bytes, users_of
from redis_dr.tasks.rdb import SplicePlan, SpliceResult
from redis_dr.tasks.restore.download import agrees, fetch, look_inside
from redis_dr.tasks.restore.policy import apply_policy, splice_plan
from redis_dr.tasks.restore.policy_by_server import PolicyJob, filter_by_server
from redis_dr.tasks.restore.replay_aof import ReplayJob, replay, require_aof
from redis_dr.tasks.restore.staging import owner_of_data
from redis_dr.tasks.server.address import username_of

_NOTHING: Mapping[str, str] = MappingProxyType({})


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
    source: Literal["rdb", "aof"] = "rdb"  # of the backup: what it was made from

    @property
    def memory(self) -> int:
        """Bytes that the server will need for what is placed, by what it needed at the backup."""
        manifest, whole = self.backup.manifest, self.backup.rdb.stat().st_size
        return manifest.used_memory * self.spliced.size // max(1, whole)


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore would place, and whether it may: every gate must be good."""

    data: NewData
    gates: tuple[Finding, ...]
    ahead: Ahead


def download(
    operation: Operation,
    manifest: Manifest,
    options: RestoreOptions,
    workspace: Path,
    renamed: Mapping[str, str] = _NOTHING,
) -> tuple[Path, Inventory]:
    """The backup's RDB on this machine, every hash checked, and what is inside.

    From the AOF: the append directory, replayed by a throwaway server of the instance's image.
    """
    operation.progress(f"fetching {manifest.backup_id} ({manifest.stored_size:,} bytes)")
    with operation.timings.measure("fetch"):
        if options.source == "rdb":
            rdb = fetch(operation.instance, manifest, manifest.rdb, workspace / "fetched.rdb")
        else:
            rdb = _replayed(operation, manifest, workspace, renamed)
    with operation.timings.measure("inspect"):
        return rdb, look_inside(rdb, operation.instance, _now_ms())


def download_any(
    operation: Operation,
    manifest: Manifest,
    options: RestoreOptions,
    workspace: Path,
    renamed: Mapping[str, str] = _NOTHING,
) -> DownloadedBackup:
    """The same, also for an RDB that only a server can read: a server then filters and counts."""
    try:
        return DownloadedBackup(
            manifest, *download(operation, manifest, options, workspace, renamed)
        )
    except UnknownRdb as error:
        operation.progress(f"only a server can read this backup, so one will: {error.problem}")
        return DownloadedBackup(manifest, workspace / "fetched.rdb", None)


def _replayed(
    operation: Operation, manifest: Manifest, workspace: Path, renamed: Mapping[str, str]
) -> Path:
    files = require_aof(manifest, workspace)
    for one in files:
        fetch(operation.instance, manifest, one.file, one.path)
    operation.progress("replaying the append-only files")
    job = ReplayJob(
        container=operation.survey.container,
        layout=operation.layout,
        files=files,
        memory=manifest.memory,
        databases=manifest.persistence.databases,
        renamed=renamed,
    )
    # where `download_any` looks for it, also when only a server can read it
    return replay(operation.helper, job, operation.instance).replace(workspace / "fetched.rdb")


def prepare(
    operation: Operation,
    backup: DownloadedBackup,
    options: RestoreOptions,
    ahead: Ahead,
    live: Path | None = None,
) -> RestorePlan:
    """Apply the policies and judge every gate, for the server that the restart brings.

    `live` is the RDB of the server as it is now.
    """
    persistence = _persistence(operation, backup.manifest)
    target = target_of(operation.survey.container, persistence, ahead.start)
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
    data = NewData(backup, placed, spliced, target, owner, options.source)
    gates = _judge(operation, data, options, ahead)
    return RestorePlan(data, gates, ahead)


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
        memory=backup.manifest.memory,
    )


def _judge(
    operation: Operation, data: NewData, options: RestoreOptions, ahead: Ahead
) -> tuple[Finding, ...]:
    backup = data.backup
    content: tuple[Finding, ...] = ()
    if backup.inventory is not None and options.source == "rdb":
        content = agrees(backup.manifest, backup.inventory)
    start_facts = StartFacts(
        ahead=ahead,
        container=operation.survey.container,
        config_file=operation.survey.info.config_file if operation.survey.info else "",
        used_memory=data.memory,
        modules=_module_names(backup.manifest),
        recorded=backup.manifest.persistence.settings(),
    )
    return (
        *content,
        *restore_gates(_facts(operation, data, options, ahead)),
        *next_start_gates(start_facts),
    )


def _module_names(manifest: Manifest) -> tuple[str, ...]:
    """The modules loaded at the backup, where it holds data of any."""
    inside = manifest.inventory
    has_data = inside is not None and (inside.modules or inside.types.get("module"))
    return (manifest.modules or ()) if has_data else ()


def _facts(operation: Operation, data: NewData, options: RestoreOptions, ahead: Ahead) -> Facts:
    server, version = image_server(operation.helper)
    size, manifest = data.spliced.size, data.backup.manifest
    written = (db for db, account in data.spliced.databases.items() if account.written)
    return Facts(
        instance=instance_facts(
            operation.server,
            InstanceQuestion(
                survey=operation.survey,
                folder=data.target.dir,
                inside=ahead.inside,
                settings=ahead.running,
                reader=operation.helper.id,
            ),
        ),
        target=data.target,
        manifest=manifest,
        # the staged file, and what the trial saves beside it
        needed=size * 2,
        free=free_bytes(operation.helper, data.target.dir),
        image_version=version,
        image_server=server,
        rdb_version=data.spliced.rdb_version,
        highest_db=max(written, default=0),
        uid=data.owner.uid,
        gid=data.owner.gid,
        trial=options.trial and operation.instance.restore.trial,
        users=_users(operation, ahead),
        username=username_of(operation.instance) or "default",
    )


def _users(operation: Operation, ahead: Ahead) -> Users | None:
    """Those of a throwaway start are what the restart brings; else those that files name."""
    users = users_of(operation.helper, operation.server, operation.survey)
    if users is None or ahead.start.users is None:
        return users
    return replace(users, written=ahead.start.users)


def _persistence(operation: Operation, manifest: Manifest) -> Persistence:
    # a dead server cannot be asked: its settings at the time of the backup, in the folder seen now
    if operation.survey.persistence is not None:
        return operation.survey.persistence
    return manifest.persistence.model_copy(update={"dir": operation.dir})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
