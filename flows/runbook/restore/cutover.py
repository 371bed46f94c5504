"""The cutover, from the stop to the proof: when any step fails, it is rolled back."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.operation.recovery import resolve_patiently
from redis_dr.flows.runbook.recover.after_fencing import check_after_fencing
from redis_dr.flows.runbook.restore.compare import compare_restored
from redis_dr.flows.runbook.restore.prepare import NewData
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.model.errors import Fenced, RedisDrError
from redis_dr.tasks.model.report import Finding, all_ok, bad_in_short
from redis_dr.tasks.model.restore.accounting import DatabaseAccount, judge
from redis_dr.tasks.model.restore.journal import Journal
from redis_dr.tasks.model.restore.sighting import judge_still_there
from redis_dr.tasks.resilience.signals import signals_held
from redis_dr.tasks.restore.accounts import database_accounts, planned_accounts
from redis_dr.tasks.restore.compare import load_counters
from redis_dr.tasks.restore.epoch_guard import LastEpochs, raise_epochs
from redis_dr.tasks.restore.final_save import hold_found, mark_final_save
from redis_dr.tasks.restore.journal import begin, end, move_to
from redis_dr.tasks.restore.kept_epochs import keep_epochs
from redis_dr.tasks.restore.second_server import alone, require_alone
from redis_dr.tasks.restore.served import look_at_served
from redis_dr.tasks.restore.stop import (
    await_server,
    require_same,
    restore_policy,
    start_server,
    stop_server,
)
from redis_dr.tasks.restore.swap import remove_home, swap


@dataclass(frozen=True, slots=True)
class CutoverResult:
    """What became of it."""

    findings: tuple[Finding, ...]
    databases: dict[int, DatabaseAccount]
    downtime_seconds: float
    sampled: bool = False
    rolled_back: bool = False
    failure: str = ""
    served: str = ""  # what a look at the end saw


def write_journal(operation: Operation, data: NewData, safety_backup_id: str = "") -> Journal:
    """Write down what is going to happen, before the first file is staged."""
    info, container = operation.survey.info, operation.survey.container
    journal = Journal(
        operation_id=operation.helper.holder.id,
        instance=operation.instance.name,
        container=container.name,
        container_id=container.id,
        backup_id=data.backup.manifest.backup_id,
        begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
        dir=data.target.dir,
        dump=data.target.dump,
        append_folder=data.target.append_folder,
        restart_policy=container.restart_policy,
        restart_retries=container.restart_retries,
        started_at=container.started_at,
        was_running=container.status in {"running", "restarting"},
        answered=info is not None,
        append_only=info.aof_enabled if info else data.target.appendonly,
        keys_placed=data.spliced.written,
        source=data.source,
        accounts=planned_accounts(data.spliced),
        safety_backup_id=safety_backup_id,
        save=operation.survey.persistence.save if operation.survey.persistence else "",
        keys={db: space.keys for db, space in info.keyspace.items()} if info else {},
    )
    begin(operation.helper, operation.layout, journal)
    return journal


def cut_over(operation: Operation, data: NewData, journal: Journal) -> CutoverResult:
    """Stop, swap, start, prove. When any of it fails, roll back and report the failure.

    Raises Fenced when another operation took over; Interrupted, and every error that redis-dr does
    not raise itself, after the old data is back.
    """
    begun = time.monotonic()
    proof = None
    try:
        operation.progress("stopping")
        with operation.timings.measure("stop"):
            hold_found(operation.helper, operation.layout, journal)
            move_to(operation.helper, operation.layout, "stopping")
            stopped = stop_server(operation.helper, operation.server, journal, read_epochs=True)
        operation.progress("swapping")
        with operation.timings.measure("swap"):
            keep_epochs(operation.helper, operation.layout, stopped.epochs)
            mark_final_save(operation.helper, operation.layout, journal)
            require_alone(operation.helper, operation.instance.container, operation.dir)
            swap(operation.helper, operation.layout, journal)
            require_same(operation.server, stopped.container)
        raised = _start(operation, stopped.epochs)
        proof = _prove(operation, data, round(time.monotonic() - begun, 3), raised)
        if all_ok(proof.findings):
            _keep(operation, journal)
            return proof
    except Fenced:
        check_after_fencing(operation.instance, journal, operation.progress)
        raise
    except BaseException as error:
        # Prefect's TerminationSignal has no words
        undone = _roll_back(operation, begun, str(error) or type(error).__name__, proof)
        if not isinstance(error, RedisDrError):
            raise
        return undone
    why = bad_in_short(proof.findings)
    return _roll_back(operation, begun, why, proof)


def _start(operation: Operation, epochs: LastEpochs | None) -> tuple[Finding, ...]:
    """Start the server on the new data, and raise the epochs that clients raised meanwhile."""
    operation.progress("starting")
    with operation.timings.measure("start_and_load"):
        start_server(operation.helper, operation.instance, operation.dir)
        await_server(operation.server, operation.progress)
    raised = raise_epochs(operation.server, epochs)
    # from here on a crash leaves the new data in place if clients have written to it
    move_to(operation.helper, operation.layout, "serving")
    return raised


def _keep(operation: Operation, journal: Journal) -> None:
    # from this line on nothing undoes it any more
    move_to(operation.helper, operation.layout, "proven")
    restore_policy(operation.instance, journal)
    remove_home(operation.helper, operation.layout, keep_old=True)
    end(operation.helper, operation.layout)


def _prove(
    operation: Operation, data: NewData, downtime: float, raised: tuple[Finding, ...]
) -> CutoverResult:
    operation.progress("verifying")
    with operation.timings.measure("verify"):
        first = look_at_served(operation.server)
        compared = compare_restored(operation, data)
        counters = load_counters(operation.server, data.spliced.written, compared.comparison)
        last = look_at_served(operation.server)
    comparison = compared.comparison
    accounts = database_accounts(
        data.spliced, comparison.outcomes, comparison.found, sampled=comparison.sampled
    )
    alone_on_data = alone(operation.helper, operation.instance.container, operation.dir)
    still_there = judge_still_there(first, last, comparison.found)
    findings = [*raised, counters, alone_on_data, still_there]
    for db, account in sorted(accounts.items()):
        findings.extend(judge(db, account, written_to=comparison.written_to))
    findings.extend(compared.findings)
    return CutoverResult(
        findings=tuple(findings),
        databases=accounts,
        downtime_seconds=downtime,
        sampled=comparison.sampled,
        served=last.text("the new data"),
    )


@signals_held(drop=True)
def _roll_back(
    operation: Operation, begun: float, why: str, proof: CutoverResult | None
) -> CutoverResult:
    """As far as it came, the volume tells: undo it, or finish it when it was proven already."""
    operation.progress(f"failed, putting the old data back: {why.splitlines()[0]}")
    with operation.timings.measure("roll_back"):
        try:
            result = resolve_patiently(
                operation.helper, operation.server, operation.layout, operation.progress
            )
        except Fenced:
            raise
        except RedisDrError as error:
            raise type(error)(
                f"served now: {_served_now(operation)}; {why.splitlines()[0]}; then putting the "
                f"old data back failed: {error.problem}",
                f"{_again(error)}, then run `redis-dr recover`: both sets of data are whole",
            ) from error
    findings = result.findings if result else ()
    if proof is not None and (result is None or result.outcome == "finished"):
        return replace(proof, findings=(*proof.findings, *findings))
    return CutoverResult(
        findings=(
            *(proof.findings if proof else ()),
            Finding(check="the new data is served and proven", ok=False, actual=why),
            *findings,
        ),
        databases=proof.databases if proof else {},
        downtime_seconds=round(time.monotonic() - begun, 3),
        rolled_back=result is None or result.outcome != "kept",
        failure=why,
        served=result.served if result else look_at_served(operation.server).text("some data"),
    )


def _served_now(operation: Operation) -> str:
    try:
        return look_at_served(operation.server).text("some data")
    except RedisDrError as error:
        return f"unknown: {error.problem}"


def _again(error: RedisDrError) -> str:
    if isinstance(error, NoSuchContainer):
        return "make the container again on the same volume"
    return error.remedy.rstrip(".")
