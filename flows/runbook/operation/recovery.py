"""Finish or undo what a dead operation left on the instance; harmless when there is nothing."""

import contextlib
from dataclasses import dataclass

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.sandbox import remove_sandbox, sandbox_name
from redis_dr.tasks.model.errors import SaveFailed, Unreachable
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.journal import (
    BEFORE_STOP,
    Journal,
    Phase,
    UnfinishedRestore,
    will_finish,
)
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.resilience.signals import signals_held
from redis_dr.tasks.restore.journal import end, read
from redis_dr.tasks.restore.replaced import sweep_replaced
from redis_dr.tasks.restore.stop import (
    NotServing,
    await_server,
    halt,
    keep_serving,
    restore_policy,
    start_server,
    stop_server,
)
from redis_dr.tasks.restore.swap import remove_home, undo
from redis_dr.tasks.server.connection import ServerConnection


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What was found, and what became of it."""

    journal: Journal
    phase: Phase
    outcome: str  # finished | undone | cleared
    findings: tuple[Finding, ...]


def recover_unfinished(
    helper: Helper, server: ServerConnection, folder: str, progress: Progress
) -> RecoveryResult | None:
    """Bring the volume to the old data or the new, whole, and the server up if it was.

    `folder` is the server's data directory. Idempotent: cut off anywhere, the next call goes on.
    """
    left = read(helper, Layout(folder, helper.holder.id))
    remove_sandbox(sandbox_name(server.instance.container))
    if left is None:
        sweep_replaced(helper, Layout(folder, "").folder, server.instance.restore.set_aside_hours)
        return None
    journal, phase = left.journal, left.phase
    progress(f"a restore of {journal.backup_id} died while {phase}: {_will(phase)}")
    findings = resolve(helper, server, left, progress)
    return RecoveryResult(journal, phase, _outcome(phase), findings)


def resolve_patiently(
    helper: Helper, server: ServerConnection, layout: Layout, progress: Progress
) -> tuple[UnfinishedRestore | None, tuple[Finding, ...]]:
    """How far the operation with this journal had come, and what became of it.

    One call that the engine does not answer is not the end: the journal tells where to go on.
    """
    left: UnfinishedRestore | None = None
    try:
        left = read(helper, layout)
        return left, resolve(helper, server, left, progress) if left else ()
    except NoSuchContainer:
        raise
    except Unreachable as error:
        progress(f"{error.problem}; once more")
    again = read(helper, layout)
    # nothing left: the first try had come to its end
    return left or again, resolve(helper, server, again, progress) if again else ()


@signals_held()
def resolve(
    helper: Helper, server: ServerConnection, left: UnfinishedRestore, progress: Progress
) -> tuple[Finding, ...]:
    """Finish or undo, and close the journal; also the way back of a restore that failed.

    When it raises, the journal stays, and the next call goes on from there.
    """
    journal, phase = left.journal, left.phase
    layout = Layout(journal.dir, journal.operation_id)
    if phase in BEFORE_STOP:
        # nothing was stopped or moved yet
        findings: tuple[Finding, ...] = (Finding(check="nothing had been changed", ok=True),)
    elif will_finish(phase):
        findings = _finish(helper, server, journal, progress)
    else:
        findings = _put_back(helper, server, left, progress)
    # of an undo that looks strange nothing is thrown away before its time
    remove_home(helper, layout, keep_old=will_finish(phase) or not all_ok(findings))
    end(helper, layout)
    return findings


def _put_back(
    helper: Helper, server: ServerConnection, left: UnfinishedRestore, progress: Progress
) -> tuple[Finding, ...]:
    """The old data again, served as before."""
    journal, phase = left.journal, left.phase
    findings = []
    try:
        if phase != "undone":
            _down(helper, server, phase)
            findings.append(undo(helper, Layout(journal.dir, journal.operation_id), journal))
        restore_policy(server.instance, journal)
        if journal.was_running:
            findings.append(_served(helper, server, journal, progress))
    except SaveFailed as error:
        keep_serving(server, journal)
        return (Finding(check="the server was never stopped", ok=True, actual=error.problem),)
    return tuple(findings)


def _down(helper: Helper, server: ServerConnection, phase: Phase) -> None:
    # a container that somebody removed runs nothing; what lies on its volume can still be undone
    with contextlib.suppress(NoSuchContainer):
        if phase == "stopping":
            stop_server(helper, server)  # what it holds in memory may be more than is on the disk
        else:
            halt(helper, server.instance)


def _finish(
    helper: Helper, server: ServerConnection, journal: Journal, progress: Progress
) -> tuple[Finding, ...]:
    restore_policy(server.instance, journal)
    check = "the proven new data is served"
    if not inspect(server.instance.container).running:
        start_server(helper, server.instance)
    try:
        info = await_server(server, progress)
    except NotServing as error:
        return (Finding(check=check, ok=False, actual=error.problem),)
    keys = {db: one.keys for db, one in info.keyspace.items()}
    return (Finding(check=check, ok=True, actual=keys),)


def _served(
    helper: Helper, server: ServerConnection, journal: Journal, progress: Progress
) -> Finding:
    start_server(helper, server.instance)
    if not journal.answered:
        return Finding(check="started as it was before", ok=True, detail="it did not answer then")
    check = "the old data is served"
    try:
        info = await_server(server, progress)
    except NotServing as error:
        # the old files are all there: that they cannot be loaded is for a restore to mend
        return Finding(check=check, ok=False, expected=journal.keys, actual=error.problem)
    keys = {db: one.keys for db, one in info.keyspace.items()}
    empty = bool(sum(journal.keys.values())) and not sum(keys.values())
    return Finding(check=check, ok=not empty, expected=journal.keys, actual=keys)


def _will(phase: Phase) -> str:
    if phase in BEFORE_STOP:
        return "nothing had been changed, its files are cleared away"
    return "the new data was proven and stays" if will_finish(phase) else "the old data comes back"


def _outcome(phase: Phase) -> str:
    if phase in BEFORE_STOP:
        return "cleared"
    return "finished" if will_finish(phase) else "undone"
