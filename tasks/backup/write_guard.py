"""Keep a server writable whose save failed because of us.

With save points and `stop-writes-on-bgsave-error yes` a server refuses every write after a failed
BGSAVE (facts/redis.md 8). When that BGSAVE was ours, the server is as able to save as it was before
we came, and its clients must not notice. Only a good save or the setting opens it again.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from redis_dr.tasks.backup.snapshot import await_no_save
from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.model.errors import RedisDrError, SaveFailed
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.info import config_values, server_info
from redis_dr.tasks.step import step

_SETTING = "stop-writes-on-bgsave-error"
OPEN, CLOSED = f"CONFIG SET {_SETTING} no", f"CONFIG SET {_SETTING} yes"

# the run id stands in the name: on a full disk an empty file can be made, and not a word written
_MARK = 'mkdir -p "${1%/*}"; chmod 700 "${1%/*}"; : > "$1.$2"'
_UNMARK = """
if [ -e "$1.$2" ]; then echo ours; fi
rm -f "$1".*; rmdir "${1%/*}" 2>/dev/null || :
"""


@dataclass(frozen=True, slots=True)
class WriteGuard:
    """What decides whether the server takes writes."""

    run_id: str
    saved: bool  # rdb_last_bgsave_status is ok
    save_points: bool
    enabled: bool  # stop-writes-on-bgsave-error

    @property
    def refuses(self) -> bool:
        """Every write gets MISCONF."""
        return self.enabled and self.save_points and not self.saved


# A process that dies while its save fails leaves a server that refuses writes: these names say that
# it took them before. Their content is their name, see _MARK.
_MARKED = """
for it in "$1".*; do [ ! -e "$it" ] || echo "${it#"$1".}"; done
"""
_FORGET = 'rm -f "$1".*; rmdir "${1%/*}" 2>/dev/null || :'


@contextlib.contextmanager
def writes_watched(helper: Helper, layout: Layout, guard: WriteGuard) -> Iterator[None]:
    """Write down that the server took writes before a save of ours; forget it when the save ended.

    Whatever else ends the block (a person, Prefect): the save may go on in the server and fail.
    """
    watched = guard.enabled and guard.save_points and guard.saved
    if not watched:
        yield
        return
    with contextlib.suppress(ScriptFailed):  # a full disk: its save is refused or fails right away
        helper.run(_MARK, layout.writes_taken, guard.run_id)
    try:
        yield
    except SaveFailed:
        helper.run(_FORGET, layout.writes_taken)
        raise
    helper.run(_FORGET, layout.writes_taken)


def reopen_after_death(
    helper: Helper, server: ServerConnection, layout: Layout, running: str
) -> str:
    """After an operation died in its save: let the server take writes again, as before that save.

    `running` is the run id of the server that answers, "" when none does. Returns what was done.
    """
    marked = helper.run(_MARKED, layout.writes_taken).split()
    if not marked or not running:
        return ""
    outcome = ""
    if running in marked:
        await_no_save(server)  # the dead operation's own may be at work still
        outcome = open_writes(helper, server, layout)
    helper.run(_FORGET, layout.writes_taken)  # the others: servers that ended since
    return outcome


def write_guard(server: ServerConnection) -> WriteGuard:
    """As it is now."""
    with server.errors():
        info = server_info(server.client())
        values = config_values(server.client(), ["save", _SETTING])
    return WriteGuard(
        run_id=info.run_id,
        saved=info.rdb_last_bgsave_status == "ok",
        save_points=bool(values.get("save")),
        enabled=values.get(_SETTING) != "no",
    )


@step
def open_writes(helper: Helper, server: ServerConnection, layout: Layout) -> str:
    """Let the server take writes; return what was done and what is left to do, for a person."""
    guard = write_guard(server)
    if not guard.refuses:
        return ""
    with contextlib.suppress(ScriptFailed):  # then only the message knows of it
        helper.run(_MARK, layout.writes_open, guard.run_id)
    try:
        with server.errors():
            server.client().config_set(_SETTING, "no")
        refuses = write_guard(server).refuses
    except RedisDrError:
        refuses = True
    if refuses:
        return f"THE SERVER REFUSES WRITES NOW; to open it again: redis-cli {OPEN}"
    return (
        f"it took writes before, so {_SETTING} was set to no and it takes them now; the next good "
        f"backup sets it to yes again, or you do: redis-cli {CLOSED}"
    )


@step
def close_writes(helper: Helper, server: ServerConnection, layout: Layout) -> bool:
    """After a good save: give the setting back that open_writes took; was there one?"""
    guard = write_guard(server)
    if guard.enabled or not guard.saved:
        return False
    ours = bool(helper.run(_UNMARK, layout.writes_open, guard.run_id).strip())
    if ours:  # else the setting is the person's own, or of a server that was started since
        with server.errors():
            server.client().config_set(_SETTING, "yes")
    return ours
