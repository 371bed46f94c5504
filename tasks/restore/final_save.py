"""The last save before the stop of a server with `save ""` and no append-only file.

It is the only file that holds what that server had in memory, and a roll-back brings it back. Once
the server has loaded it, it goes: a later restart would bring back keys that were deleted since.
What lay in its place before lies there again.
"""

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.restore.journal import Journal
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.step import step

_HOLD = """
rm -rf "$2"; mkdir -p "$2"
if [ -f "$1" ]; then ln "$1" "$2/found" 2>/dev/null || cp -p "$1" "$2/found"; fi
"""

# of a stop that was repeated the last one counts
_MARK = """
[ -d "$2" ] && [ -f "$1" ] || exit 0
rm -f "$2/ours"; ln "$1" "$2/ours" 2>/dev/null || :
"""

# By a rename, and looked at then: another save could come between a look and a removal. `ln` does
# not replace what came there meanwhile.
_LEAVE = """
dump=$1; final=$2
inode() { stat -c %d:%i "$1" 2>/dev/null || echo none; }
ours() { [ -e "$1" ] && [ -e "$final/ours" ] && [ "$(inode "$1")" = "$(inode "$final/ours")" ]; }
[ -d "$final" ] || exit 0
if [ ! -e "$final/away" ] && ours "$dump"; then mv -- "$dump" "$final/away"; fi
if [ -e "$final/away" ]; then
  put=$final/found; ours "$final/away" || put=$final/away
  [ ! -e "$put" ] || ln "$put" "$dump" 2>/dev/null || [ -e "$dump" ] || cp -p "$put" "$dump"
fi
rm -rf "$final"
"""


def hold_found(helper: Helper, layout: Layout, journal: Journal) -> None:
    """Before the stop: hold the file that lies there, if one does."""
    if journal.makes_final_save:
        helper.run(_HOLD, _dump(layout, journal), layout.final)


def mark_final_save(helper: Helper, layout: Layout, journal: Journal) -> None:
    """After the stop and before anything is moved: what lies there is the last save."""
    if journal.makes_final_save:
        helper.run(_MARK, _dump(layout, journal), layout.final)


@step
def leave_as_found(helper: Helper, layout: Layout, journal: Journal) -> None:
    """The server has loaded its last save: take that away, and put back what lay there.

    A file of another save stays. Only for a server that was seen to serve the old data.
    """
    if journal.makes_final_save:
        helper.run(_LEAVE, _dump(layout, journal), layout.final)


def _dump(layout: Layout, journal: Journal) -> str:
    return f"{layout.dir.rstrip('/')}/{journal.dump}"
