"""Put back what lay in place of dump.rdb before the save of an operation that died."""

import contextlib

from redis_dr.tasks.backup.dump_file import (
    SaveNote,
    adopt_dump,
    clear_temporary,
    held_dumps,
    put_back_dump,
)
from redis_dr.tasks.backup.snapshot import await_no_save, saves_so_far
from redis_dr.tasks.backup.write_guard import reopen_after_death
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.errors import NotReady, SaveFailed
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.server.connection import ServerConnection


def settle_dead_saves(
    helper: Helper, server: ServerConnection, found: Survey, folder: str, progress: Progress
) -> None:
    """For each note of this container: its save ends, is known to be ours, and is taken away.

    A save that was linked is known by its inode. Of one that was not, the same server must say
    that no other save began since; else the file stays, because it may be somebody else's.
    """
    _reopen(helper, server, found, folder, progress)
    for held in held_dumps(helper, Layout(folder, helper.holder.id)):
        note, layout = held.note, Layout(folder, held.operation_id)
        if note.container != found.container.name:
            continue
        progress(f"a save of {held.operation_id} was cut off: putting {note.dump} back as it was")
        if _is_the_last(server, found, note):
            adopt_dump(helper, layout, note.dump)
        clear_temporary(helper, layout, note.dump)
        put_back_dump(helper, layout, note.dump)


def _reopen(
    helper: Helper, server: ServerConnection, found: Survey, folder: str, progress: Progress
) -> None:
    if found.info is None:
        return
    layout = Layout(folder, helper.holder.id)
    with contextlib.suppress(
        NotReady, SaveFailed
    ):  # what died while it was asked is judged by what follows
        outcome = reopen_after_death(helper, server, layout, found.info.run_id)
        if outcome:
            progress(f"an operation died in a save that failed: {outcome}")


def _is_the_last(server: ServerConnection, found: Survey, note: SaveNote) -> bool:
    if found.info is None or found.info.run_id != note.run_id:
        return False
    try:
        await_no_save(server)  # the dead operation's own may be at work still
        return saves_so_far(server) == note.saves_before + 1
    except NotReady:
        return False
