"""Prove a backup: restore it from the store alone, compare everything, and write down the proof."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

from redis_dr.flows.runbook.drill.negative_control import (
    ControlChoice,
    ProvenBackup,
    negative_control,
)
from redis_dr.flows.runbook.drill.record import RecordNames, record
from redis_dr.flows.runbook.drill.rehearse import Rehearsal, rehearse, restart
from redis_dr.flows.runbook.drill.scratch import on_scratch_in_turn
from redis_dr.flows.runbook.drill.start import DrillStart, drill_start
from redis_dr.flows.runbook.drill.warm import rehearse_warm_up
from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.operation.read_lease import reading
from redis_dr.flows.runbook.restore.prepare import download
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.drill.aof import end_of_aof, living_keys
from redis_dr.tasks.drill.damage import ControlNotMade
from redis_dr.tasks.drill.history import drills_so_far, recent_drills
from redis_dr.tasks.engine.sandbox import SandboxFailed
from redis_dr.tasks.evidence.proof import load_signer
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import choice_of, choose_for_drill
from redis_dr.tasks.model.drill.drill_findings import (
    judge_control,
    judge_replay,
    judge_targets,
    rpo_of,
)
from redis_dr.tasks.model.drill.drill_report import RTO_PARTS, Control, DrillLine, DrillReport
from redis_dr.tasks.model.errors import Damaged, RedisDrError, Refused
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, all_ok, heading
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.restore.replay_aof import require_aof
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.workspace import workspace


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """What a person chose for one drill; everything else is configuration."""

    backup: str = "latest"  # ID | latest | latest-proven | random
    control: bool = True
    seed: int | None = None  # of the negative control; None: the backup's name decides
    turn: int | None = None  # which damage; None: the next one


@dataclass(frozen=True, slots=True)
class _Proven:
    """What the drill saw of the backup."""

    rehearsal: Rehearsal
    findings: tuple[Finding, ...] = ()
    newest_moment: datetime | None = None
    control: Control | None = None
    rto_seconds: float = 0.0
    unmade: tuple[Finding, ...] = ()  # a control without a result: no verdict about the backup


@dataclass(frozen=True, slots=True)
class _Drilled:
    """What a drill is about."""

    manifest: Manifest
    start: DrillStart
    control: ControlChoice | None


@dataclass(frozen=True, slots=True)
class _History:
    """What the report says beyond this backup."""

    choice: tuple[Finding, ...]  # newer backups that the drill did not take
    lease: tuple[Finding, ...]  # that the store takes none; it does not change the verdict
    swept: tuple[str, ...]  # what dead drills had left
    trend: tuple[DrillLine, ...]
    signed: bool


def drill(
    instance: Instance, options: DrillOptions | None = None, progress: Progress = quiet
) -> DrillReport:
    """Restore into a throwaway server and prove it; the proof lies beside the backup, good or bad.

    A backup that cannot be restored is told by the report. Raises what kept the drill from trying:
    Unreachable (engine, image), StoreError, UsageError, Refused (another drill runs), and Damaged
    for a manifest that cannot be read; then nothing is called proven.
    """
    options = options or DrillOptions()
    signer = load_signer(instance.drill)  # a proof that could not be signed is not worth the drill
    store = open_store(instance.store)
    catalog = open_catalog(instance, store)
    manifest = choose_for_drill(catalog, options.backup)
    choice = choice_of(catalog, options.backup, manifest)
    with (
        reading(instance, manifest, progress=progress) as lease,
        _opened(instance, manifest, progress) as (operation, swept, workspace),
        drill_start(operation, manifest) as start,
    ):
        control = _control_choice(instance, catalog, manifest, options)
        proven = _prove(operation, _Drilled(manifest, start, control), workspace)
        history = _History(
            choice=choice.findings,
            lease=lease,
            swept=swept,
            trend=recent_drills(store, catalog, instance.drill.trend),
            signed=signer is not None,
        )
        report = _report(operation, manifest, proven, history)
    return record(instance, catalog, manifest, report, signer)


def _control_choice(
    instance: Instance, catalog: Catalog, manifest: Manifest, options: DrillOptions
) -> ControlChoice | None:
    if not (options.control and instance.drill.negative_control):
        return None
    turn = drills_so_far(catalog) if options.turn is None else options.turn
    seed = crc32(manifest.backup_id.encode()) + turn if options.seed is None else options.seed
    return ControlChoice(turn, seed)


@contextmanager
def _opened(
    instance: Instance, manifest: Manifest, progress: Progress
) -> Iterator[tuple[Operation, tuple[str, ...], Path]]:
    operation_id = new_backup_id(datetime.now(UTC))
    with (
        on_scratch_in_turn(instance, manifest, operation_id, progress) as (operation, swept),
        workspace(_needed(manifest)) as folder,
    ):
        yield operation, swept, folder


def _needed(manifest: Manifest) -> int:
    """Bytes on this machine: the RDB as stored, placed, saved and saved again, and the AOF."""
    return manifest.size + 3 * manifest.rdb.size


def _prove(operation: Operation, drilled: _Drilled, workspace: Path) -> _Proven:
    manifest, start, control = drilled.manifest, drilled.start, drilled.control
    try:
        rehearsal = rehearse(operation, manifest, workspace, start=start)
    except (Damaged, SandboxFailed) as error:
        return _Proven(Rehearsal((_failed("the backup can be restored", error),)))
    if rehearsal.inventory is None or not all_ok(rehearsal.findings):
        return _Proven(rehearsal)
    with operation.timings.measure("warm"):
        warmed = rehearse_warm_up(operation.instance, manifest)
    rto = sum(operation.timings.as_dict().get(part, 0.0) for part in RTO_PARTS)
    operation.progress("writing, killing, booting again")
    restarted = _tried(
        "a restart keeps the data", lambda: restart(operation, manifest, workspace, start)
    )
    moment, replayed = _replayed(operation, drilled, workspace)
    findings = (*warmed, *restarted, *replayed)
    result: Control | None = None
    unmade: tuple[Finding, ...] = ()
    if control is not None and all_ok((*rehearsal.findings, *findings)):
        rdb = workspace / "fetched.rdb"
        backup = ProvenBackup(manifest, rdb, rdb.with_name("placed.rdb"), start)
        try:
            result = negative_control(operation, backup, control)
        except (ControlNotMade, Refused) as error:
            unmade = (_failed("the negative control could be made", error),)
        else:
            findings = (*findings, judge_control(result))
    return _Proven(rehearsal, findings, moment, result, round(rto, 3), unmade)


def _replayed(
    operation: Operation, drilled: _Drilled, workspace: Path
) -> tuple[datetime, tuple[Finding, ...]]:
    """The append-only files, replayed; and the newest moment that came back."""
    manifest, renamed = drilled.manifest, drilled.start.ahead.start.renamed
    if not any(file.role == "aof-manifest" for file in manifest.files):
        return manifest.created_at, ()
    folder = workspace / "aof"

    def replay() -> tuple[Finding, ...]:
        # with clocks of its own: the way back that is measured is the dump's
        apart = replace(operation, timings=Timings())
        options = RestoreOptions(source="aof")
        _, inside = download(apart, manifest, options, folder, renamed)
        living = living_keys(workspace / "fetched.rdb")
        return (judge_replay(living, inside, operation.instance.drift),)

    with operation.timings.measure("replay"):
        findings = _tried("the append-only files bring the data back, too", replay)
    copies = require_aof(manifest, folder)
    increments = [one.path for one in copies if one.file.role == "aof-incr"]
    end = end_of_aof(tuple(increments)) if all_ok(findings) else None
    return max(end or manifest.created_at, manifest.created_at), findings


def _tried(check: str, act: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    try:
        return act()
    except (Damaged, SandboxFailed) as error:
        return (_failed(check, error),)


def _failed(check: str, error: RedisDrError) -> Finding:
    return Finding(check=check, ok=False, actual=error.problem, detail=error.remedy)


def _report(
    operation: Operation, manifest: Manifest, proven: _Proven, history: _History
) -> DrillReport:
    rehearsal, started = proven.rehearsal, operation.timings.started_at
    findings = (*rehearsal.findings, *proven.findings)
    sound = all_ok(findings)
    moment = proven.newest_moment if sound else None
    rpo = rpo_of(moment, started)
    targets = judge_targets(proven.rto_seconds, rpo, operation.instance.drill) if sound else ()
    names = RecordNames.new(started, proven=sound)
    return DrillReport(
        **heading(
            "drill",
            operation.instance.name,
            operation.timings,
            (*history.choice, *findings, *proven.unmade, *targets, *history.lease),
            ok=all_ok((*findings, *proven.unmade, *targets)),
        ),
        backup_id=manifest.backup_id,
        proven=sound,
        rto_seconds=proven.rto_seconds,
        rpo_seconds=rpo,
        newest_moment=moment,
        content_equal=rehearsal.equal,
        negative_control=proven.control,
        databases=rehearsal.databases,
        examples=rehearsal.examples,
        image=operation.instance.drill.image or manifest.image,
        image_id=operation.survey.container.image_id,
        server_version=rehearsal.server_version,
        size=rehearsal.size,
        placed_sha256=rehearsal.sha256,
        swept=history.swept,
        trend=history.trend,
        proof=names.proof,
        signed=history.signed,
        html=names.html,
        timings=operation.timings.as_dict(),
    )
