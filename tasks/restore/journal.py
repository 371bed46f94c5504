"""Read and write the journal on the instance's volume; every write is flushed before it counts."""

from pydantic import ValidationError

from redis_dr.tasks.engine.container import exists
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.errors import Damaged, Refused
from redis_dr.tasks.model.restore.journal import Journal, Phase, UnfinishedRestore, belongs_to
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance

# busybox has fsync, coreutils has sync FILE; a plain sync flushes everything and does, too
FLUSH = """
flush() { for it in "$@"; do fsync "$it" 2>/dev/null || sync "$it" 2>/dev/null || sync; done; }
record() { printf %s "$2" > "$1.tmp"; flush "$1.tmp"; mv "$1.tmp" "$1"; flush "${1%/*}"; }
"""

_BEGIN = FLUSH + 'mkdir -p "$1"; chmod 700 "$1"; record "$3" staging; record "$2" "$4"'
_END = FLUSH + 'rm -f "$2" "$2.tmp"; flush "$1"; rm -f "$3" "$3.tmp"'
_READ = 'if [ -f "$1" ]; then cat "$1"; fi'


def begin(helper: Helper, layout: Layout, journal: Journal) -> None:
    """Write it down: from here on a crash is found."""
    helper.run(_BEGIN, layout.folder, layout.journal, layout.phase, journal.model_dump_json())


def move_to(helper: Helper, layout: Layout, phase: Phase) -> None:
    """The next phase begins when this returns, never before."""
    helper.run(FLUSH + 'record "$1" "$2"', layout.phase, phase)


def end(helper: Helper, layout: Layout) -> None:
    """The operation is over; nothing is left to finish or undo."""
    helper.run(_END, layout.folder, layout.journal, layout.phase)


class OthersJournal(Refused):
    """What lies there is of another instance or container: only that one settles it."""


def is_own(journal: Journal, instance: Instance, container: ContainerState) -> bool:
    """Whether it is of this instance and this container. Raises Unreachable."""
    # only a container of another id is looked for: most journals are of the present one
    other = journal.container_id not in {"", container.id}
    first_exists = other and exists(journal.container_id)
    return belongs_to(journal, instance.name, container, first_exists=first_exists)


def require_own(
    left: UnfinishedRestore, instance: Instance, container: ContainerState
) -> UnfinishedRestore:
    """Raise OthersJournal for a journal of another instance, or another container on the volume."""
    journal = left.journal
    if is_own(journal, instance, container):
        return left
    raise OthersJournal(
        f"{Layout(journal.dir, '').journal} is of {journal.whose}: its restore of "
        f"{journal.backup_id} ended in phase {left.phase}, and {instance.name} shares its data "
        "directory; nothing of it was changed",
        f"run `redis-dr --instance {journal.instance} recover`; then give {instance.name} a data "
        "directory of its own: two servers on one lose writes",
    )


def read(helper: Helper, folder_of: Layout) -> UnfinishedRestore | None:
    """What a dead operation left, or None. Raises Damaged for a journal that is not ours."""
    text = helper.run(_READ, folder_of.journal)
    if not text.strip():
        return None
    phase = helper.run(_READ, folder_of.phase).strip()
    try:
        journal = Journal.model_validate_json(text)
        return UnfinishedRestore(journal, phase or "staging")  # type: ignore[arg-type] # judged by its reader
    except ValidationError as error:
        raise Damaged(
            f"{folder_of.journal} is not a journal of redis-dr: {error.errors()[0]['msg']}",
            "look at the folder beside it: `old` holds replaced data, `new` staged data; move what "
            "belongs into the data directory by hand, then remove the journal",
        ) from error
