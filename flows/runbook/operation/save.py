"""The order of one save of a held instance: BGSAVE, link, carry away, and leave no trace.

What a save makes and was not there before, it removes; what it stops, it opens again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.backup.dump_file import SaveNote, forget_dump, hold_dump, put_back_dump
from redis_dr.tasks.backup.fork_lock import fork_turn
from redis_dr.tasks.backup.link import link_rdb
from redis_dr.tasks.backup.snapshot import await_no_save, saves_so_far, take_snapshot
from redis_dr.tasks.backup.upload import UploadResult
from redis_dr.tasks.backup.write_guard import (
    close_writes,
    open_writes,
    write_guard,
    writes_watched,
)
from redis_dr.tasks.backup.write_probe import write_probe
from redis_dr.tasks.model.backup.backup_gates import backup_gates
from redis_dr.tasks.model.backup.snapshot import LinkedFile, Snapshot, judge_snapshot
from redis_dr.tasks.model.errors import SaveFailed
from redis_dr.tasks.model.report import Finding, all_ok, bad_in_short
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.observe.survey import free_bytes

ATTEMPTS = 3  # at a save that nothing disturbs


@dataclass(frozen=True, slots=True)
class ProvenSave:
    """A save, where its file went, and the findings that it is the save that was asked for."""

    snapshot: Snapshot
    upload: UploadResult
    findings: tuple[Finding, ...]


def save_gates(operation: Operation) -> tuple[Finding, ...]:
    """May the server save now? Looked at anew by each call."""
    free = free_bytes(operation.helper, operation.dir)
    return backup_gates(operation.survey, free, write_probe(operation.survey))


def proven_save(operation: Operation, collect: Callable[[LinkedFile], UploadResult]) -> ProvenSave:
    """BGSAVE, link, `collect`, until the file is proven to be ours. Raises SaveFailed.

    A server that took writes before takes them after it, whatever became of the save.
    """
    guard = write_guard(operation.server)
    with writes_watched(operation.helper, operation.layout, guard):
        return _attempts(operation, collect, refused=guard.refuses)


def _attempts(
    operation: Operation, collect: Callable[[LinkedFile], UploadResult], *, refused: bool
) -> ProvenSave:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            save = _save(operation, collect)
        except SaveFailed as error:
            # a good save is what opens a server best, but only where one can be expected
            if attempt == ATTEMPTS or not all_ok(save_gates(operation)):
                if refused:
                    raise
                raise _with_writes_open(operation, error) from error
            operation.progress(f"attempt {attempt}: {error.problem}; once more")
            continue
        if close_writes(operation.helper, operation.server, operation.layout):
            operation.progress("the server saves again: stop-writes-on-bgsave-error is yes again")
        if all_ok(save.findings):
            return save
        bad = bad_in_short(save.findings)
        operation.progress(f"attempt {attempt}: the file is not our save ({bad})")
    raise SaveFailed(
        f"{ATTEMPTS} saves of {operation.instance.name} were disturbed; the last: {bad}",
        "see what else saves or flushes (`redis-dr top`, the container's log), then try again",
    )


def persistence_of(operation: Operation) -> Persistence:
    """The settings of the server that answered."""
    assert operation.survey.persistence is not None  # noqa: S101 a save required an answer
    return operation.survey.persistence


def _save(operation: Operation, collect: Callable[[LinkedFile], UploadResult]) -> ProvenSave:
    helper, layout, persistence = operation.helper, operation.layout, persistence_of(operation)
    operation.progress("saving (BGSAVE)")
    note = None if persistence.save else _hold(operation, persistence)
    try:
        with fork_turn(operation.progress), operation.timings.measure("bgsave"):
            snapshot = take_snapshot(operation.server)
    except SaveFailed:
        forget_dump(helper, layout)  # what lay there lies there still
        raise
    link = link_rdb(helper, layout, persistence)
    # another save may have replaced the file between the end of ours and the link
    snapshot = snapshot.with_saves(saves_so_far(operation.server))
    if note is not None:
        _leave_as_found(operation, note, snapshot)
    operation.progress(f"copying {link.size:,} bytes, counting and digesting on the way")
    with operation.timings.measure("copy"):
        upload = collect(link)
    return ProvenSave(snapshot, upload, judge_snapshot(snapshot, upload.inventory))


def _hold(operation: Operation, persistence: Persistence) -> SaveNote:
    await_no_save(operation.server)  # its file is what lies there before ours
    info = operation.survey.info
    note = SaveNote(
        container=operation.survey.container.name,
        run_id=info.run_id if info else "",
        saves_before=saves_so_far(operation.server),
        dump=str(PurePosixPath(persistence.dir, persistence.dbfilename)),
    )
    hold_dump(operation.helper, operation.layout, note)
    return note


def _leave_as_found(operation: Operation, note: SaveNote, snapshot: Snapshot) -> None:
    """Only one save began since the file was held, and it was ours: then the file there is ours."""
    if snapshot.saves_before == note.saves_before == snapshot.saves_after - 1:
        put_back_dump(operation.helper, operation.layout, note.dump)
    else:
        forget_dump(operation.helper, operation.layout)
        operation.progress(f"another save began beside ours: {note.dump} stays as it is")


def _with_writes_open(operation: Operation, error: SaveFailed) -> SaveFailed:
    outcome = open_writes(operation.helper, operation.server, operation.layout)
    if not outcome:
        return error
    operation.progress(outcome)
    return SaveFailed(f"{error.problem}; {outcome}", error.remedy)
