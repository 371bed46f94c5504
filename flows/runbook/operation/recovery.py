"""Finish or undo what a dead operation left on the instance; harmless when there is nothing."""

import contextlib
from collections.abc import Callable, Mapping

from redis_dr.flows.runbook.operation.ways_back import (
    Recovery,
    RecoveryResult,
    finish,
    keep,
    leave_unchanged,
    put_back,
)
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.own_start import next_start_name
from redis_dr.tasks.engine.sandbox import remove_sandbox, sandbox_name
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import all_ok
from redis_dr.tasks.model.restore.journal import UnfinishedRestore
from redis_dr.tasks.model.restore.undo import (
    MAY_SERVE_NEW,
    WHOLE_BY_PHASE,
    Situation,
    Undo,
    what_to_undo,
)
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.resilience.signals import signals_held
from redis_dr.tasks.restore.journal import end, read, require_own
from redis_dr.tasks.restore.replaced import sweep_replaced
from redis_dr.tasks.restore.stop import written_since_start
from redis_dr.tasks.restore.swap import remove_home, whole_new_data, written_since_placed
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights

_WAYS: Mapping[Undo, Callable[[Recovery], RecoveryResult]] = {
    "nothing": leave_unchanged,
    "finish": finish,
    "keep": keep,
    "roll back": put_back,
}


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
    result = resolve(Recovery(helper, server, left, progress))
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
        return resolve(Recovery(helper, server, left, progress, failed=True)) if left else None
    except NoSuchContainer:
        raise
    except Unreachable as error:
        progress(f"{error.problem}; once more")
    if again := read(helper, layout):
        return resolve(Recovery(helper, server, again, progress, failed=True))
    if left is None:
        return None
    # the first try had come to its end
    finished = what_to_undo(Situation(left.phase, failed=True)) == "finish"
    return RecoveryResult(left.journal, left.phase, "finished" if finished else "rolled back", ())


@signals_held()
def resolve(recovery: Recovery) -> RecoveryResult:
    """Finish, keep or roll back, and close the journal.

    When this raises, the journal stays, and the next call goes on from there.
    """
    result = _WAYS[what_to_undo(_look(recovery))](recovery)
    # of an undo that looks strange nothing is removed before its time
    stays = result.outcome in {"finished", "kept"} or not all_ok(result.findings)
    remove_home(recovery.helper, recovery.layout, keep_old=stays)
    end(recovery.helper, recovery.layout)
    return result


def _look(recovery: Recovery) -> Situation:
    """What lies there and was written to, as far as it decides anything."""
    phase = recovery.left.phase
    if recovery.failed or phase not in MAY_SERVE_NEW:
        return Situation(phase, failed=recovery.failed)
    helper, layout, journal = recovery.helper, recovery.layout, recovery.journal
    whole = phase in WHOLE_BY_PHASE or whole_new_data(helper, layout, journal)
    return Situation(phase, whole=whole, written=whole and _written(recovery))


def _written(recovery: Recovery) -> bool:
    """Whether clients may have written to the new data, in memory or on the disk."""
    if recovery.running() and written_since_start(recovery.server):
        return True
    return written_since_placed(recovery.helper, recovery.layout, recovery.journal)
