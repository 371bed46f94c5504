"""What of a restore can fail, done before anything stops: fetch, check, filter, judge."""

import time
from dataclasses import dataclass, replace
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
from redis_dr.tasks.rdb import SpliceResult
from redis_dr.tasks.restore.download import agrees, fetch, look_inside
from redis_dr.tasks.restore.policy import apply_policy, splice_plan
from redis_dr.tasks.restore.policy_by_server import Filtering, filter_by_server
from redis_dr.tasks.restore.replay_aof import Replay, replay, require_aof
from redis_dr.tasks.restore.staging import owner_of_data


@dataclass(frozen=True, slots=True)
class PreparedRestore:
    """What would be placed, and whether it may be."""

    manifest: Manifest
    fetched: Path
    placed: Path
    inventory: Inventory | None  # None: the format is newer than this release reads
    spliced: SpliceResult
    target: Target
    owner: Owner
    findings: tuple[Finding, ...] = ()


def download(
    operation: Operation, manifest: Manifest, options: RestoreOptions, workspace: Path
) -> tuple[Path, Inventory]:
    """The backup's RDB on this machine, every hash checked, and what is inside.

    From the AOF: the append directory, replayed by a throwaway server of the instance's image.
    """
    operation.progress(f"fetching {manifest.backup_id} ({manifest.stored_size:,} bytes)")
    with operation.timings.measure("fetch"):
        fetched = _fetched(operation, manifest, options, workspace)
    with operation.timings.measure("inspect"):
        return fetched, look_inside(fetched, operation.instance, _now_ms())


def download_any(
    operation: Operation, manifest: Manifest, options: RestoreOptions, workspace: Path
) -> tuple[Path, Inventory | None]:
    """The same; None for an RDB that only a server can read: then one filters and counts it."""
    try:
        return download(operation, manifest, options, workspace)
    except UnknownRdb as error:
        operation.progress(f"only a server can read this backup, so one will: {error.problem}")
        return workspace / "fetched.rdb", None


def _fetched(
    operation: Operation, manifest: Manifest, options: RestoreOptions, workspace: Path
) -> Path:
    if options.source == "rdb":
        return fetch(operation.instance, manifest, manifest.rdb, workspace / "fetched.rdb")
    files = require_aof(manifest)
    paths = [fetch(operation.instance, manifest, one, workspace / one.name) for one in files]
    operation.progress("replaying the append-only files")
    databases = manifest.persistence.databases
    asked = Replay(operation.found.container, operation.layout, tuple(paths), databases)
    return replay(operation.helper, asked, operation.instance)


def prepare(
    operation: Operation,
    manifest: Manifest,
    options: RestoreOptions,
    files: tuple[Path, Inventory | None, Path | None],
) -> PreparedRestore:
    """Apply the policies and judge every gate. `files`: the RDB, what is inside, the live RDB."""
    fetched, inventory, live = files
    placed = fetched.with_name("placed.rdb")
    text = configuration_text(operation.helper, operation.found)
    target = target_of(operation.found.container, _persistence(operation, manifest), text)
    operation.progress("applying the policies")
    with operation.timings.measure("policy"):
        plan = splice_plan(operation.instance, manifest, options, (_now_ms(), live is not None))
        if inventory is None:
            asked = Filtering(
                operation.found.container, operation.layout, target, plan, fetched, placed
            )
            spliced = filter_by_server(operation.helper, asked, operation.server)
        else:
            spliced = apply_policy(fetched, placed, plan, live)
    owner = owner_of_data(operation.helper, target, operation.found.container.user)
    made = PreparedRestore(manifest, fetched, placed, inventory, spliced, target, owner)
    same = agrees(manifest, inventory) if inventory and options.source == "rdb" else ()
    trial = options.trial and operation.instance.restore.trial
    findings = (*same, *restore_gates(_facts(operation, made, trial=trial)))
    return replace(made, findings=findings)


def _facts(operation: Operation, made: PreparedRestore, *, trial: bool) -> Facts:
    server, version = image_server(operation.helper)
    size = made.spliced.size
    return Facts(
        found=operation.found,
        target=made.target,
        manifest=made.manifest,
        # the staged file, and what the trial saves beside it
        needed=size * 2,
        free=free_bytes(operation.helper, made.target.dir),
        image_version=version,
        image_server=server,
        rdb_version=made.spliced.rdb_version,
        used_memory=made.manifest.used_memory * size // max(1, made.fetched.stat().st_size),
        highest_db=max(
            (db for db, one in made.spliced.databases.items() if one.written), default=0
        ),
        owner=(made.owner.uid, made.owner.gid),
        trial=trial,
        users=users_of(operation.helper, operation.server, operation.found),
    )


def _persistence(operation: Operation, manifest: Manifest) -> Persistence:
    # a dead server cannot be asked: what it used when it was backed up, in the folder seen now
    if operation.found.persistence is not None:
        return operation.found.persistence
    return manifest.persistence.model_copy(update={"dir": operation.dir})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
