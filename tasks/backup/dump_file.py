"""Leave dump.rdb as it was found, on the volume of a server that does not save by itself.

With `save ""` the file that lies there is what a restart brings: nothing, or what a person saved.
Our BGSAVE writes over it, and a restart would bring back keys that were deleted since (facts/
redis.md 18). So the file is held by a hard link and put back once our save is linked. With save
points the server counts our save as its own, and takes the changes in it for saved: it stays.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, ValidationError

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.step import step

_HOLD = """
folder=$1 dump=$2 before=$3
mkdir -p "$before"; chmod 700 "$folder" "${before%/*}" "$before"; rm -rf "$before"/*
if [ -f "$dump" ]; then ln "$dump" "$before/dump" 2>/dev/null || cp -p "$dump" "$before/dump"; fi
cd "${dump%/*}"
for it in temp-*.rdb; do [ ! -e "$it" ] || echo "$it"; done > "$before/temporary"
printf %s "$4" > "$before/note.tmp"; mv "$before/note.tmp" "$before/note"
"""

# The server's file is taken by a rename and looked at then: between a look and a removal another
# save could put its own file there. `ln` does not replace what came there meanwhile.
_PUT_BACK = """
dump=$1 before=$2 ours=$3
inode() { stat -c %d:%i "$1" 2>/dev/null; }
if [ ! -e "$before/taken" ] && [ -e "$dump" ] && [ "$(inode "$dump")" = "$(inode "$ours")" ]; then
  mv "$dump" "$before/taken"
fi
if [ -e "$before/taken" ]; then
  put=$before/dump
  [ "$(inode "$before/taken")" = "$(inode "$ours")" ] || put=$before/taken
  [ ! -e "$put" ] || ln "$put" "$dump" 2>/dev/null || [ -e "$dump" ] || cp -p "$put" "$dump"
fi
rm -rf "$before"
"""

_NOTES = """
[ -d "$1" ] || exit 0
cd "$1"
for it in */dump-before/note; do [ ! -f "$it" ] || { echo "${it%%/*}"; cat "$it"; echo; }; done
"""

# the child that wrote them is gone: no save is running
_CLEAR_TEMPORARY = """
cd "$1"
for it in temp-*.rdb; do
  [ ! -f "$it" ] || grep -qxF "$it" "$2/temporary" || rm -f "$it"
done
"""

_ADOPT = 'mkdir -p "${2%/*}"; [ -e "$2" ] || [ ! -e "$1" ] || ln "$1" "$2" 2>/dev/null || :'


class SaveNote(BaseModel):
    """Which save of ours was to come, written on the volume before it began."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    container: str  # its name: another instance may live on the same volume
    run_id: str
    saves_before: int  # rdb_saves
    dump: str  # path in the container


@dataclass(frozen=True, slots=True)
class HeldDump:
    """A note that a dead operation left."""

    operation_id: str
    note: SaveNote


@step
def hold_dump(helper: Helper, layout: Layout, note: SaveNote) -> None:
    """Hold the file that lies there, if one does, and write down that a save of ours begins."""
    helper.run(_HOLD, layout.folder, note.dump, layout.before, note.model_dump_json())


@step
def put_back_dump(helper: Helper, layout: Layout, dump: str) -> None:
    """Take our linked save away again and put back what lay there. Another file stays there."""
    helper.run(_PUT_BACK, dump, layout.before, f"{layout.links}/dump.rdb")


def forget_dump(helper: Helper, layout: Layout) -> None:
    """Keep what lies there now: it is not, or may not be, a save of ours."""
    helper.run('rm -rf "$1"', layout.before)


def held_dumps(helper: Helper, layout: Layout) -> tuple[HeldDump, ...]:
    """What dead operations wrote down; a note that cannot be read is not judged."""
    lines = helper.run(_NOTES, layout.folder).splitlines()
    held = []
    for operation_id, text in zip(lines[::2], lines[1::2], strict=False):
        try:
            held.append(HeldDump(operation_id, SaveNote.model_validate_json(text)))
        except ValidationError:
            continue
    return tuple(held)


def adopt_dump(helper: Helper, layout: Layout, dump: str) -> None:
    """The operation died before its link: the file that lies there is its save."""
    helper.run(_ADOPT, dump, f"{layout.links}/dump.rdb")


def clear_temporary(helper: Helper, layout: Layout, dump: str) -> None:
    """Remove the temporary files of a save that died with its server."""
    helper.run(_CLEAR_TEMPORARY, str(PurePosixPath(dump).parent), layout.before)
