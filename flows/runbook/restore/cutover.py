"""From the stop to the proof: what is done here is undone when anything of it fails."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.operation.recovery import resolve_patiently
from redis_dr.flows.runbook.recover.after_fencing import check_after_fencing
from redis_dr.flows.runbook.restore.plan import written_keys
from redis_dr.flows.runbook.restore.prepare import PreparedRestore
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.model.errors import Fenced, Interrupted, RedisDrError
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.accounting import DatabaseAccount, judge
from redis_dr.tasks.model.restore.journal import Journal, will_finish
from redis_dr.tasks.restore.compare import (
    Comparison,
    compare_keys,
    compare_with_listing,
    load_counters,
)
from redis_dr.tasks.restore.epoch_guard import LastEpochs, last_epochs, raise_epochs
from redis_dr.tasks.restore.journal import begin, end, move_to
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


def write_journal(operation: Operation, prepared: PreparedRestore) -> Journal:
    """Write down what is going to happen, before the first file is staged."""
    info, container = operation.found.info, operation.found.container
    journal = Journal(
        operation_id=operation.helper.holder.id,
        instance=operation.instance.name,
        backup_id=prepared.manifest.backup_id,
        begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
        dir=prepared.target.dir,
        dump=prepared.target.dump,
        append_folder=prepared.target.append_folder,
        restart_policy=container.restart_policy,
        restart_retries=container.restart_retries,
        started_at=container.started_at,
        was_running=container.status in {"running", "restarting"},
        answered=info is not None,
        save=operation.found.persistence.save if operation.found.persistence else "",
        keys={db: one.keys for db, one in info.keyspace.items()} if info else {},
    )
    begin(operation.helper, operation.layout, journal)
    return journal


def cut_over(operation: Operation, prepared: PreparedRestore, journal: Journal) -> CutoverResult:
    """Stop, swap, start, prove. When any of it fails: the old data again, and the failure told.

    Raises Fenced when another operation took over; Interrupted, and whatever is no failure of
    redis-dr's own kind, after the old data is back.
    """
    stopped = time.monotonic()
    proof = None
    try:
        last = _swap(operation, journal)
        operation.progress("starting")
        with operation.timings.measure("start_and_load"):
            start_server(operation.helper, operation.instance)
            await_server(operation.server, operation.progress)
        raised = raise_epochs(operation.server, last)
        proof = _prove(operation, prepared, round(time.monotonic() - stopped, 3), raised)
        if all_ok(proof.findings):
            _keep(operation, journal)
            return proof
    except Fenced:
        check_after_fencing(operation.instance, journal, operation.progress)
        raise
    except BaseException as error:
        # Prefect's TerminationSignal has no words
        undone = _roll_back(operation, stopped, str(error) or type(error).__name__, proof)
        if not isinstance(error, RedisDrError) or isinstance(error, Interrupted):
            raise
        return undone
    bad = "; ".join(f"{one.check}: {one.actual}" for one in proof.findings if not one.ok)
    return _roll_back(operation, stopped, bad, proof)


def _swap(operation: Operation, journal: Journal) -> LastEpochs | None:
    """Gives the epochs as they were when the server went down."""
    seen: list[LastEpochs | None] = [None]

    def look() -> None:
        seen[0] = last_epochs(operation.server)

    operation.progress("stopping")
    with operation.timings.measure("stop"):
        move_to(operation.helper, operation.layout, "stopping")
        down = stop_server(operation.helper, operation.server, look)
    operation.progress("swapping")
    with operation.timings.measure("swap"):
        swap(operation.helper, operation.layout, journal)
        require_same(operation.server, down)
    return seen[0]


def _keep(operation: Operation, journal: Journal) -> None:
    # from this line on nothing undoes it any more
    move_to(operation.helper, operation.layout, "proven")
    restore_policy(operation.instance, journal)
    remove_home(operation.helper, operation.layout, keep_old=True)
    end(operation.helper, operation.layout)


def _prove(
    operation: Operation, prepared: PreparedRestore, downtime: float, raised: tuple[Finding, ...]
) -> CutoverResult:
    operation.progress("verifying")
    placed = sum(one.written for one in prepared.spliced.databases.values())
    with operation.timings.measure("verify"):
        counters = load_counters(operation.server, placed)
        if prepared.inventory is None:
            written = dict(written_keys(prepared.spliced))
            comparison = compare_with_listing(operation.server, prepared.placed, written)
        else:
            comparison = compare_keys(operation.server, prepared.placed, placed, operation.progress)
    accounts = _accounts(prepared, comparison)
    findings = [*raised, counters]
    for db, account in sorted(accounts.items()):
        findings.extend(judge(db, account, written_to=comparison.written_to))
    if comparison.examples:
        findings.append(
            Finding(
                check="keys that are not as they should be", ok=True, actual=comparison.examples
            )
        )
    return CutoverResult(tuple(findings), accounts, downtime, comparison.sampled)


def _accounts(prepared: PreparedRestore, comparison: Comparison) -> dict[int, DatabaseAccount]:
    accounts = {}
    for db in sorted({*prepared.spliced.databases, *comparison.found}):
        spliced = prepared.spliced.databases.get(db)
        counted = comparison.outcomes.get(db, Counter())
        compared = sum(counted.values())
        written = spliced.written if spliced else 0
        accounts[db] = DatabaseAccount(
            in_backup=spliced.in_backup if spliced else 0,
            dropped=spliced.dropped if spliced else 0,
            placed=written,
            added=spliced.from_live + spliced.created if spliced else 0,
            # a sample speaks for the keys that it left out; the load counters cover them all
            restored=counted.get("equal", 0) + (written - compared),
            expired=counted.get("expired", 0),
            evicted=counted.get("evicted", 0),
            changed=counted.get("changed", 0),
            missing=counted.get("missing", 0),
            differing=counted.get("differing", 0),
            found=comparison.found.get(db, 0),
        )
    return accounts


def _roll_back(
    operation: Operation, stopped: float, why: str, proof: CutoverResult | None
) -> CutoverResult:
    """As far as it came, the volume tells: undo it, or finish it when it was proven already."""
    operation.progress(f"failed, putting the old data back: {why.splitlines()[0]}")
    with operation.timings.measure("roll_back"):
        try:
            left, findings = resolve_patiently(
                operation.helper, operation.server, operation.layout, operation.progress
            )
        except Fenced:
            raise
        except RedisDrError as error:
            raise type(error)(
                f"{why.splitlines()[0]}; then putting the old data back failed: {error.problem}",
                f"{_again(error)}, then run `redis-dr recover`: both sets of data are whole",
            ) from error
    if proof is not None and (left is None or will_finish(left[1])):
        return replace(proof, findings=(*proof.findings, *findings))
    return CutoverResult(
        findings=(
            *(proof.findings if proof else ()),
            Finding(check="the new data is served and proven", ok=False, actual=why),
            *findings,
        ),
        databases=proof.databases if proof else {},
        downtime_seconds=round(time.monotonic() - stopped, 3),
        rolled_back=True,
        failure=why,
    )


def _again(error: RedisDrError) -> str:
    if isinstance(error, NoSuchContainer):
        return "make the container again on the same volume"
    return error.remedy.rstrip(".")
