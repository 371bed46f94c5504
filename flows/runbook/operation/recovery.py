"""Finish or undo what a dead operation left on the instance; harmless when there is nothing."""

import contextlib
from dataclasses import dataclass
from typing import Literal

from redis_dr.flows.runbook.operation.late_proof import prove_late
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.engine.own_start import next_start_name
from redis_dr.tasks.engine.sandbox import remove_sandbox, sandbox_name
from redis_dr.tasks.model.errors import SaveFailed, Unreachable
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.journal import (
    BEFORE_SWAP,
    Journal,
    Phase,
    UnfinishedRestore,
    what_to_undo,
)
from redis_dr.tasks.model.restore.sighting import judge_old_data
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.resilience.signals import signals_held
from redis_dr.tasks.restore.journal import end, move_to, read, require_own
from redis_dr.tasks.restore.replaced import sweep_replaced
from redis_dr.tasks.restore.second_server import require_alone
from redis_dr.tasks.restore.served import look_at_served
from redis_dr.tasks.restore.stop import (
    NotServing,
    await_server,
    keep_serving,
    restore_policy,
    start_server,
    stop_new_data,
    stop_server,
    written_since_start,
)
from redis_dr.tasks.restore.swap import UndoneSwap, remove_home, undo, written_since_placed
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights

Outcome = Literal["nothing was changed", "rolled back", "finished", "kept"]


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What an operation had left, and what became of it."""

    journal: Journal
    phase: Phase
    outcome: Outcome  # kept: the new data stays, unproven
    findings: tuple[Finding, ...]
    served: str = ""  # what a look at the end saw


def recover_unfinished(
    helper: Helper, server: ServerConnection, folder: str, progress: Progress
) -> RecoveryResult | None:
    """Bring the volume to the old data or the new, whole, and the server up if it was.

    `folder` is the server's data directory. Idempotent: cut off anywhere, the next call goes on.
    """
    left = read(helper, Layout(folder, helper.holder.id))
    remove_sandbox(sandbox_name(server.instance.container))
    remove_sandbox(next_start_name(server.instance.container))
    if left is None:
        sweep_replaced(helper, Layout(folder, "").folder, server.instance.restore.set_aside_hours)
        return None
    require_own(left, server.instance, inspect(server.instance.container))
    progress(f"a restore of {left.journal.backup_id} ended in phase {left.phase}: recovering")
    with contextlib.suppress(Unreachable):  # the verb at hand may need less than this
        ask_rights(server, "recover")
    result = resolve(helper, server, left, progress)
    progress(f"recovery: {result.outcome}")
    for finding in result.findings:
        if not finding.ok:
            progress(f"BAD {finding.check}: {finding.actual}; {finding.detail}")
    return result


def resolve_patiently(
    helper: Helper, server: ServerConnection, layout: Layout, progress: Progress
) -> RecoveryResult | None:
    """Roll back a restore that failed in this process, or finish it when it was proven already.

    None: there is no journal. One call that the engine does not answer is not the end: the journal
    tells where to go on.
    """
    left: UnfinishedRestore | None = None
    try:
        left = read(helper, layout)
        return resolve(helper, server, left, progress, failed=True) if left else None
    except NoSuchContainer:
        raise
    except Unreachable as error:
        progress(f"{error.problem}; once more")
    if again := read(helper, layout):
        return resolve(helper, server, again, progress, failed=True)
    if left is None:
        return None
    # the first try had come to its end
    finished = what_to_undo(left.phase, failed=True, written=False) == "finish"
    return RecoveryResult(left.journal, left.phase, "finished" if finished else "rolled back", ())


@signals_held()
def resolve(
    helper: Helper,
    server: ServerConnection,
    left: UnfinishedRestore,
    progress: Progress,
    *,
    failed: bool = False,
) -> RecoveryResult:
    """Finish, keep or roll back, and close the journal.

    `failed`: the restore's own process asks, and it has failed. When this raises, the journal
    stays, and the next call goes on from there.
    """
    journal = left.journal
    written = left.phase == "serving" and not failed and _written(helper, server, journal)
    action = what_to_undo(left.phase, failed=failed, written=written)
    if action == "nothing":
        result = _unchanged(helper, server, left, progress)
    elif action == "finish":
        result = _finish(helper, server, left, progress)
    elif action == "keep":
        result = _keep(helper, server, left, progress)
    else:
        result = _put_back(helper, server, left, progress)
    layout = Layout(journal.dir, journal.operation_id)
    # of an undo that looks strange nothing is removed before its time
    stays = result.outcome in {"finished", "kept"} or not all_ok(result.findings)
    remove_home(helper, layout, keep_old=stays)
    end(helper, layout)
    return result


def _written(helper: Helper, server: ServerConnection, journal: Journal) -> bool:
    """Whether clients may have written to the new data, in memory or on the disk."""
    running = inspect(server.instance.container).running
    if running and written_since_start(server):
        return True
    return written_since_placed(helper, Layout(journal.dir, journal.operation_id), journal)


def _unchanged(
    helper: Helper, server: ServerConnection, left: UnfinishedRestore, progress: Progress
) -> RecoveryResult:
    """Nothing was stopped or moved yet; but the engine may have ended since."""
    findings = [Finding(check="nothing had been changed", ok=True)]
    if left.journal.was_running and not inspect(server.instance.container).running:
        start_server(helper, server.instance, left.journal.dir)
        findings.append(_old_data(server, left.journal, progress)[0])
    return RecoveryResult(left.journal, left.phase, "nothing was changed", tuple(findings))


def _finish(
    helper: Helper, server: ServerConnection, left: UnfinishedRestore, progress: Progress
) -> RecoveryResult:
    journal = left.journal
    restore_policy(server.instance, journal)
    if not inspect(server.instance.container).running:
        start_server(helper, server.instance, journal.dir)
    with contextlib.suppress(NotServing):  # the look sees it
        await_server(server, progress)
    seen = look_at_served(server)
    finding = Finding(
        check="the new data is served",
        ok=not seen.unclear,
        actual=f"unknown: {seen.unclear}" if seen.unclear else seen.keys,
    )
    served = seen.text("the new data")
    if left.phase == "kept":
        return RecoveryResult(journal, left.phase, "kept", (finding, _unproven(journal)), served)
    return RecoveryResult(journal, left.phase, "finished", (finding,), served)


def _keep(
    helper: Helper, server: ServerConnection, left: UnfinishedRestore, progress: Progress
) -> RecoveryResult:
    """Clients have written to the new data: it stays, and is compared with what was placed."""
    journal = left.journal
    layout = Layout(journal.dir, journal.operation_id)
    restore_policy(server.instance, journal)
    if not inspect(server.instance.container).running:
        start_server(helper, server.instance, journal.dir)
    try:
        await_server(server, progress)
    except NotServing as error:
        progress(f"the new data is not served: {error.problem}")
        return _put_back(helper, server, left, progress)
    progress("clients have written to the new data, so it stays; comparing it")
    proof = prove_late(helper, server, journal, progress)
    move_to(helper, layout, "proven" if all_ok(proof) else "kept")
    served = look_at_served(server).text("the new data")
    if all_ok(proof):
        return RecoveryResult(journal, left.phase, "finished", proof, served)
    return RecoveryResult(journal, left.phase, "kept", (*proof, _unproven(journal)), served)


def _unproven(journal: Journal) -> Finding:
    """The new data stays without a proof: how the old data comes back."""
    old, backup = Layout(journal.dir, journal.operation_id).old, journal.safety_backup_id
    by_backup = (
        f"`redis-dr restore {backup} --confirm {journal.instance}` brings back the safety backup "
        "of what was there before"
        if backup
        else "there is no safety backup of what was there before"
    )
    return Finding(
        check="the new data is proven",
        ok=False,
        actual="it stays, unproven: clients have written to it",
        detail=f"{by_backup}; the files that were replaced, with the last writes before the stop, "
        f"are in {old} on the volume",
    )


def _put_back(
    helper: Helper, server: ServerConnection, left: UnfinishedRestore, progress: Progress
) -> RecoveryResult:
    """The old data again, served as before."""
    journal, phase = left.journal, left.phase
    findings: list[Finding] = []
    try:
        if phase != "undone":
            _down(helper, server, left)
            require_alone(helper, server.instance.container, journal.dir)
            undone = undo(helper, Layout(journal.dir, journal.operation_id), journal)
            findings += [undone.finding, *_taken(undone)]
    except SaveFailed as error:
        return _not_stopped(helper, server, left, error, progress)
    restore_policy(server.instance, journal)
    if journal.was_running:
        start_server(helper, server.instance, journal.dir)
    finding, served = _old_data(server, journal, progress)
    return RecoveryResult(journal, phase, "rolled back", (*findings, finding), served)


def _down(helper: Helper, server: ServerConnection, left: UnfinishedRestore) -> None:
    journal, phase = left.journal, left.phase
    # a container that somebody removed runs nothing; what lies on its volume can still be undone
    with contextlib.suppress(NoSuchContainer):
        if phase == "stopping":
            stop_server(helper, server, journal)
            return
        with contextlib.suppress(ScriptFailed):  # a full disk; the undo itself needs no space
            move_to(helper, Layout(journal.dir, journal.operation_id), "undoing")
        stop_new_data(helper, server, journal, seen_serving=phase != "placed")


def _taken(undone: UndoneSwap) -> list[Finding]:
    return [
        Finding(
            check="the new data was taken away as it had been placed",
            ok=False,
            expected="no write of a client since the start",
            actual=f"what clients may have written is kept in {folder} on the volume",
            detail="start a Redis on a copy of that folder to read it; it is removed with the "
            "replaced data, after restore.set_aside_hours",
        )
        for folder in undone.taken
    ]


def _not_stopped(
    helper: Helper,
    server: ServerConnection,
    left: UnfinishedRestore,
    error: SaveFailed,
    progress: Progress,
) -> RecoveryResult:
    """The server cannot save what it holds: it was not stopped, with whichever data it has."""
    journal, phase = left.journal, left.phase
    if phase in BEFORE_SWAP:
        keep_serving(server, journal)
        finding = Finding(check="why it was not stopped", ok=True, actual=error.problem)
        now, served = _old_data(server, journal, progress)
        return RecoveryResult(journal, phase, "rolled back", (finding, now), served)
    if phase not in {"placed", "serving"}:
        raise error  # part of either data lies there; the journal stays
    move_to(helper, Layout(journal.dir, journal.operation_id), "kept")
    keep_serving(server, journal)
    finding = Finding(
        check="the old data is back", ok=False, actual=error.problem, detail=error.remedy
    )
    served = look_at_served(server).text("the new data")
    return RecoveryResult(journal, phase, "kept", (finding, _unproven(journal)), served)


def _old_data(
    server: ServerConnection, journal: Journal, progress: Progress
) -> tuple[Finding, str]:
    """What is served now that the old files lie there: waited for, then looked at."""
    if not journal.answered:
        seen = look_at_served(server)
        as_before = seen.status == "running" or not journal.was_running
        text = f"{seen.container} is {seen.status}; its server did not answer before the restore"
        return Finding(check="container as it was before", ok=as_before, actual=seen.status), text
    with contextlib.suppress(NotServing):  # the old files are there: what does not load is seen
        await_server(server, progress)
    seen = look_at_served(server)
    return judge_old_data(seen, journal.keys), seen.text("the old data")
