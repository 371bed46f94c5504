"""The restore of a drill: the steps of a restore on a ground of its own, then the whole content."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from redis_dr.flows.runbook.drill.start import DrillStart, recorded_start
from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.restore.cutover import write_journal
from redis_dr.flows.runbook.restore.prepare import DownloadedBackup, NewData, download, prepare
from redis_dr.tasks.drill.compare import compare_files, made_anew
from redis_dr.tasks.drill.server import (
    Stage,
    booted,
    effective,
    loaded_keys,
    save,
    take_mark,
    write_mark,
)
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.sandbox import Sandbox
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.drill.compared import ContentComparison
from redis_dr.tasks.model.drill.drill_findings import judge_content, judge_functions
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.restore.server_limits import measured_memory
from redis_dr.tasks.model.server.target import Target, target_of
from redis_dr.tasks.model.server.throwaway import memory_for
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.restore.accounts import database_accounts
from redis_dr.tasks.restore.journal import end
from redis_dr.tasks.restore.staging import owner_of_data, stage
from redis_dr.tasks.restore.swap import remove_home, swap
from redis_dr.tasks.restore.trial import server_arguments


@dataclass(frozen=True, slots=True)
class Meddling:
    """What a negative control does between the steps; a drill does nothing."""

    volume: Callable[[Helper, Target], None] | None = None
    server: Callable[[Sandbox], None] | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What became of it."""

    findings: tuple[Finding, ...]
    inventory: Inventory | None = None  # of the fetched file
    databases: dict[int, DatabaseAccount] = field(default_factory=dict)
    equal: bool = False
    examples: tuple[str, ...] = ()
    size: int = 0  # bytes that were loaded
    sha256: str = ""  # of them
    server_version: str = ""


def rehearse(
    operation: Operation,
    manifest: Manifest,
    workspace: Path,
    meddling: Meddling | None = None,
    start: DrillStart | None = None,
) -> Rehearsal:
    """Fetch, check, filter, stage, swap, boot, compare; with an honest copy also restart.

    Raises Damaged and SandboxFailed: there is no proof then; Unreachable, StoreError, UsageError:
    it could not be tried.
    """
    options = RestoreOptions()
    start = start or recorded_start(manifest, "not asked")
    fetched, inventory = download(operation, manifest, options, workspace)
    backup = DownloadedBackup(manifest, fetched, inventory)
    plan = prepare(operation, backup, options, start.ahead)
    prepared = plan.data
    before = (*plan.gates, judge_functions(manifest, inventory))
    if not all_ok(before):
        return Rehearsal(before, inventory)
    operation.progress("staging and swapping on the drill's own volume")
    with operation.timings.measure("stage"):
        lit = _placed(operation, prepared, start)
    if meddling and meddling.volume:
        meddling.volume(operation.helper, prepared.target)
    operation.progress("booting what was restored")
    done = _served(operation, prepared, lit, meddling)
    return Rehearsal(
        findings=(*before, *done.findings),
        inventory=inventory,
        databases=done.databases,
        equal=done.equal and all_ok(before),
        examples=done.examples,
        size=prepared.spliced.size,
        sha256=prepared.spliced.sha256,
        server_version=done.server_version,
    )


def restart(
    operation: Operation, manifest: Manifest, workspace: Path, start: DrillStart | None = None
) -> tuple[Finding, ...]:
    """Boot again what the rehearsal left, write, kill, boot: everything must still be there."""
    mark = f"redis-dr:drill:{operation.helper.holder.id}"
    lit = _stage(operation, manifest, start or recorded_start(manifest, "not asked"))
    # against what the rehearsal saved, and found equal to what was placed
    before, after = workspace / "saved.rdb", workspace / "restarted.rdb"
    timings = Timings()  # of no restore: they stay out of the RTO
    with operation.timings.measure("restart"):
        with booted(lit, timings) as server:
            write_mark(server, lit, mark)
        with booted(lit, timings) as server:
            kept = take_mark(server, mark)
            compared = compare_files(before, after, save(server, operation.helper, lit, after))
    return (
        Finding(check="a write survives a kill", ok=kept == "kept", expected="kept", actual=kept),
        Finding(
            check="the content survives a kill",
            ok=compared.equal,
            expected="every key and function",
            actual="the same" if compared.equal else list(compared.examples),
        ),
    )


def _placed(operation: Operation, prepared: NewData, start: DrillStart) -> Stage:
    journal = write_journal(operation, prepared)
    lit = _stage(operation, prepared.backup.manifest, start)
    stage(operation.helper, operation.layout, prepared.target, prepared.placed, lit.owner)
    swap(operation.helper, operation.layout, journal)
    remove_home(operation.helper, operation.layout, keep_old=False)
    end(operation.helper, operation.layout)
    return lit


def _stage(operation: Operation, manifest: Manifest, start: DrillStart) -> Stage:
    place = operation.survey.container
    target = target_of(place, manifest.persistence, start.ahead.start)
    user = start.own.container.user if start.own else ""
    return Stage(
        container=place,
        instance=operation.instance.name,
        target=target,
        arguments=(*server_arguments(target, target.dir), *effective(manifest)),
        owner=owner_of_data(operation.helper, target, user),
        memory=memory_for(manifest.memory, operation.instance.drill.memory_limit or 0),
        beside=operation.helper.id,
        settings=operation.instance.drill,
        own=start.own,
    )


def _served(
    operation: Operation, prepared: NewData, lit: Stage, meddling: Meddling | None
) -> Rehearsal:
    saved = prepared.placed.with_name("saved.rdb")
    with booted(lit, operation.timings) as server:
        if meddling and meddling.server:
            meddling.server(server)
        operation.progress("comparing every key")
        with operation.timings.measure("verify"):
            loaded = loaded_keys(server)
            cut_ms = save(server, operation.helper, lit, saved)
            changed = made_anew(prepared.spliced)
            compared = compare_files(prepared.placed, saved, cut_ms, changed)
        version, peak = server.info("server"), server.peak_memory()
    rehearsal = _judged(prepared, compared, loaded, version)
    if lit.own is None:
        return rehearsal
    container = lit.own.container
    memory = measured_memory(container.memory_limit, peak, container.name)
    return replace(rehearsal, findings=(*rehearsal.findings, *memory))


def _judged(
    prepared: NewData, compared: ContentComparison, loaded: int, version: dict[str, str]
) -> Rehearsal:
    accounts = _accounts(prepared, compared)
    return Rehearsal(
        findings=judge_content(accounts, compared, loaded),
        databases=accounts,
        equal=compared.equal,
        examples=compared.examples,
        server_version=version.get("valkey_version") or version.get("redis_version", ""),
    )


def _accounts(prepared: NewData, compared: ContentComparison) -> dict[int, DatabaseAccount]:
    outcomes = {}
    for db, spliced in prepared.spliced.databases.items():
        placed = compared.placed.databases.get(db)
        alive = (placed.alive or 0) if placed else 0
        missing, differing = compared.missing.get(db, 0), compared.differing.get(db, 0)
        outcomes[db] = Counter(
            equal=alive - missing - differing,
            expired=spliced.written - alive,
            missing=missing,
            differing=differing,
        )
    saved = {db: inventory.alive or 0 for db, inventory in compared.saved.databases.items()}
    return database_accounts(prepared.spliced, outcomes, saved)
