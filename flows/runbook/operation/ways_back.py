"""The four ways in which an unfinished restore comes to its end; recovery decides which one."""

import contextlib
from dataclasses import dataclass, replace
from typing import Literal

from redis_dr.flows.runbook.operation.late_proof import prove_late, record_late
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.model.errors import Fenced, RedisDrError, SaveFailed
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.restore.journal import BEFORE_SWAP, Journal, Phase, UnfinishedRestore
from redis_dr.tasks.model.restore.sighting import judge_old_data
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.restore.epoch_guard import raise_epochs
from redis_dr.tasks.restore.final_save import leave_as_found, mark_final_save
from redis_dr.tasks.restore.journal import move_to
from redis_dr.tasks.restore.kept_epochs import kept_epochs
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
)
from redis_dr.tasks.restore.swap import UndoneSwap, undo
from redis_dr.tasks.server.connection import ServerConnection

Outcome = Literal["nothing was changed", "rolled back", "finished", "kept"]


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What an operation had left, and what became of it."""

    journal: Journal
    phase: Phase
    outcome: Outcome  # kept: the new data stays, unproven
    findings: tuple[Finding, ...]
    served: str = ""  # what a look at the end saw
    proof: str = ""  # name of the proof beside the backup; "" when none was written


@dataclass(frozen=True, slots=True)
class Recovery:
    """A held instance, and what a restore of it has left."""

    helper: Helper
    server: ServerConnection
    left: UnfinishedRestore
    progress: Progress
    failed: bool = False  # the restore's own process asks: its verdict is bad or it was stopped

    @property
    def journal(self) -> Journal:
        """What that restore was going to do."""
        return self.left.journal

    @property
    def layout(self) -> Layout:
        """Where it keeps its things on the volume."""
        return Layout(self.journal.dir, self.journal.operation_id)

    def running(self) -> bool:
        """Whether the container runs now. Raises NoSuchContainer, Unreachable."""
        return inspect(self.server.instance.container).running

    def start(self) -> None:
        """Start the container. Raises SecondServer, Fenced, Unreachable."""
        start_server(self.helper, self.server.instance, self.journal.dir)

    def result(self, outcome: Outcome, *findings: Finding, served: str = "") -> RecoveryResult:
        """What became of it."""
        return RecoveryResult(self.journal, self.left.phase, outcome, findings, served)


def leave_unchanged(recovery: Recovery) -> RecoveryResult:
    """Nothing was stopped or moved yet; but the engine may have ended since."""
    untouched = Finding(check="nothing had been changed", ok=True)
    if not recovery.journal.was_running or recovery.running():
        return recovery.result("nothing was changed", untouched)
    recovery.start()
    return recovery.result("nothing was changed", untouched, _old_data(recovery)[0])


def finish(recovery: Recovery) -> RecoveryResult:
    """The new data was proven, or kept: it is served."""
    _as_before(recovery)
    with contextlib.suppress(NotServing):  # the look sees it
        await_server(recovery.server, recovery.progress)
    seen = look_at_served(recovery.server)
    finding = Finding(
        check="the new data is served",
        ok=not seen.unclear,
        actual=f"unknown: {seen.unclear}" if seen.unclear else seen.keys,
    )
    served = seen.text("the new data")
    if recovery.left.phase == "kept":
        return recovery.result("kept", finding, _unproven(recovery), served=served)
    return recovery.result("finished", finding, served=served)


def keep(recovery: Recovery) -> RecoveryResult:
    """Clients may have written to the new data: it stays, and is compared with what was placed."""
    helper, server, progress = recovery.helper, recovery.server, recovery.progress
    _as_before(recovery)
    try:
        await_server(server, progress)
    except NotServing as error:
        progress(f"the new data is not served: {error.problem}")
        return put_back(recovery)
    progress("clients may have written to the new data, so it stays; comparing it")
    late = prove_late(helper, server, recovery.journal, progress)
    findings = (*_raised(recovery), *late.findings)
    move_to(helper, recovery.layout, "proven" if all_ok(findings) else "kept")
    served = look_at_served(server).text("the new data")
    if not all_ok(findings):
        return recovery.result("kept", *findings, _unproven(recovery), served=served)
    kept = record_late(server.instance, recovery.left, late)
    result = recovery.result("finished", *findings, *kept.findings, served=served)
    return replace(result, proof=kept.name)


def _raised(recovery: Recovery) -> tuple[Finding, ...]:
    """The restore died before it raised the epochs, or right after it: raise what is too low."""
    try:
        return raise_epochs(recovery.server, kept_epochs(recovery.helper, recovery.layout))
    except Fenced:
        raise
    except RedisDrError as error:  # writes are refused, or a right is missing
        check = "epochs are above those seen right before the stop"
        return (Finding(check=check, ok=False, actual=error.problem, detail=error.remedy),)


def put_back(recovery: Recovery) -> RecoveryResult:
    """The old data again, served as before."""
    helper, server, journal = recovery.helper, recovery.server, recovery.journal
    findings: list[Finding] = []
    try:
        if recovery.left.phase != "undone":
            _down(recovery)
            require_alone(helper, server.instance.container, journal.dir)
            undone = undo(helper, recovery.layout, journal)
            findings += [undone.finding, *_taken(undone)]
    except SaveFailed as error:
        return _not_stopped(recovery, error)
    restore_policy(server.instance, journal)
    if journal.was_running:
        recovery.start()
    finding, served = _old_data(recovery)
    if finding.ok:
        leave_as_found(helper, recovery.layout, journal)
    return recovery.result("rolled back", *findings, finding, served=served)


def _as_before(recovery: Recovery) -> None:
    """The restart policy of before, and the container runs."""
    restore_policy(recovery.server.instance, recovery.journal)
    if not recovery.running():
        recovery.start()


def _down(recovery: Recovery) -> None:
    helper, server, phase = recovery.helper, recovery.server, recovery.left.phase
    # a container that somebody removed runs nothing; what lies on its volume can still be undone
    with contextlib.suppress(NoSuchContainer):
        if phase == "stopping":
            stop_server(helper, server, recovery.journal)
            mark_final_save(helper, recovery.layout, recovery.journal)
            return
        with contextlib.suppress(ScriptFailed):  # a full disk; the undo itself needs no space
            move_to(helper, recovery.layout, "undoing")
        # killed while it was placed: whoever started it since may have let clients write
        seen = phase != "placed" or not recovery.failed
        stop_new_data(helper, server, recovery.journal, seen_serving=seen)


def _not_stopped(recovery: Recovery, error: SaveFailed) -> RecoveryResult:
    """The server cannot save what it holds: it was not stopped, with whichever data it has."""
    server, phase = recovery.server, recovery.left.phase
    if phase in BEFORE_SWAP:
        keep_serving(server, recovery.journal)
        finding = Finding(check="why it was not stopped", ok=True, actual=error.problem)
        now, served = _old_data(recovery)
        return recovery.result("rolled back", finding, now, served=served)
    if phase not in {"placed", "serving"}:
        raise error  # part of either data lies there; the journal stays
    move_to(recovery.helper, recovery.layout, "kept")
    keep_serving(server, recovery.journal)
    finding = Finding(
        check="the old data is back", ok=False, actual=error.problem, detail=error.remedy
    )
    served = look_at_served(server).text("the new data")
    return recovery.result("kept", finding, _unproven(recovery), served=served)


def _old_data(recovery: Recovery) -> tuple[Finding, str]:
    """What is served now that the old files lie there: waited for, then looked at."""
    server, journal = recovery.server, recovery.journal
    if not journal.answered:
        seen = look_at_served(server)
        as_before = seen.status == "running" or not journal.was_running
        text = f"{seen.container} is {seen.status}; its server did not answer before the restore"
        return Finding(check="container as it was before", ok=as_before, actual=seen.status), text
    with contextlib.suppress(NotServing):  # the old files are there: what does not load is seen
        await_server(server, recovery.progress)
    seen = look_at_served(server)
    return judge_old_data(seen, journal.keys), seen.text("the old data")


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


def _unproven(recovery: Recovery) -> Finding:
    """The new data stays without a proof: how the old data comes back."""
    journal = recovery.journal
    backup = journal.safety_backup_id
    by_backup = (
        f"`redis-dr restore {backup} --confirm {journal.instance}` brings back the safety backup "
        "of what was there before"
        if backup
        else "there is no safety backup of what was there before"
    )
    return Finding(
        check="the new data is proven",
        ok=False,
        actual="it stays, unproven: clients have written to it, or may have",
        detail=f"{by_backup}; the files that were replaced, with the last writes before the stop, "
        f"are in {recovery.layout.old} on the volume",
    )
