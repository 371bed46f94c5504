"""From the stop to the proof: what is done here is undone when anything of it fails."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import Held
from redis_dr.flows.runbook.operation.recovery import resolve_patiently
from redis_dr.flows.runbook.recover.after_fencing import regain
from redis_dr.flows.runbook.restore.plan import written_keys
from redis_dr.flows.runbook.restore.prepare import Prepared
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.model.errors import Fenced, Interrupted, RedisDrError
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.accounting import DatabaseAccount, judge
from redis_dr.tasks.model.restore.journal import Journal, will_finish
from redis_dr.tasks.restore.compare import (
    Comparison,
    compare_keys,
    compare_with_witness,
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
class Exchanged:
    """What became of it."""

    findings: tuple[Finding, ...]
    databases: dict[int, DatabaseAccount]
    downtime_seconds: float
    sampled: bool = False
    rolled_back: bool = False
    failure: str = ""


def write_journal(held: Held, prepared: Prepared) -> Journal:
    """Write down what is going to happen, before the first file is staged."""
    info, container = held.found.info, held.found.container
    journal = Journal(
        operation_id=held.hands.holder.id,
        instance=held.instance.name,
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
        save=held.found.persistence.save if held.found.persistence else "",
        keys={db: one.keys for db, one in info.keyspace.items()} if info else {},
    )
    begin(held.hands, held.layout, journal)
    return journal


def exchange(held: Held, prepared: Prepared, journal: Journal) -> Exchanged:
    """Stop, swap, start, prove. When any of it fails: the old data again, and the failure told.

    Raises Fenced when another operation took over; Interrupted, and whatever is no failure of
    redis-dr's own kind, after the old data is back.
    """
    stopped = time.monotonic()
    proof = None
    try:
        last = _swap(held, journal)
        held.say("starting")
        with held.timings.measure("start_and_load"):
            start_server(held.hands, held.instance)
            await_server(held.instance, held.say)
        raised = raise_epochs(held.instance, last)
        proof = _prove(held, prepared, round(time.monotonic() - stopped, 3), raised)
        if all_ok(proof.findings):
            _keep(held, journal)
            return proof
    except Fenced:
        regain(held.instance, journal, held.say)
        raise
    except BaseException as error:
        # Prefect's TerminationSignal has no words
        undone = _way_back(held, stopped, str(error) or type(error).__name__, proof)
        if not isinstance(error, RedisDrError) or isinstance(error, Interrupted):
            raise
        return undone
    bad = "; ".join(f"{one.check}: {one.actual}" for one in proof.findings if not one.ok)
    return _way_back(held, stopped, bad, proof)


def _swap(held: Held, journal: Journal) -> LastEpochs | None:
    """Gives the epochs as they were when the server went down."""
    seen: list[LastEpochs | None] = [None]

    def look() -> None:
        seen[0] = last_epochs(held.instance)

    held.say("stopping")
    with held.timings.measure("stop"):
        move_to(held.hands, held.layout, "stopping")
        down = stop_server(held.hands, held.instance, look)
    held.say("swapping")
    with held.timings.measure("swap"):
        swap(held.hands, held.layout, journal)
        require_same(held.instance, down)
    return seen[0]


def _keep(held: Held, journal: Journal) -> None:
    # from this line on nothing undoes it any more
    move_to(held.hands, held.layout, "proven")
    restore_policy(held.instance, journal)
    remove_home(held.hands, held.layout, keep_old=True)
    end(held.hands, held.layout)


def _prove(
    held: Held, prepared: Prepared, downtime: float, raised: tuple[Finding, ...]
) -> Exchanged:
    held.say("verifying")
    placed = sum(one.written for one in prepared.spliced.databases.values())
    with held.timings.measure("verify"):
        counters = load_counters(held.instance, placed)
        if prepared.inventory is None:
            written = dict(written_keys(prepared.spliced))
            comparison = compare_with_witness(held.instance, prepared.placed, written)
        else:
            comparison = compare_keys(held.instance, prepared.placed, placed, held.say)
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
    return Exchanged(tuple(findings), accounts, downtime, comparison.sampled)


def _accounts(prepared: Prepared, comparison: Comparison) -> dict[int, DatabaseAccount]:
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


def _way_back(held: Held, stopped: float, why: str, proof: Exchanged | None) -> Exchanged:
    """As far as it came, the volume tells: undo it, or finish it when it was proven already."""
    held.say(f"failed, putting the old data back: {why.splitlines()[0]}")
    with held.timings.measure("roll_back"):
        try:
            left, findings = resolve_patiently(held.hands, held.instance, held.layout, held.say)
        except Fenced:
            raise
        except RedisDrError as error:
            raise type(error)(
                f"{why.splitlines()[0]}; then putting the old data back failed: {error.problem}",
                f"{_again(error)}, then run `redis-dr recover`: both sets of data are whole",
            ) from error
    if proof is not None and (left is None or will_finish(left[1])):
        return replace(proof, findings=(*proof.findings, *findings))
    return Exchanged(
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
