"""Replace the data of a stopped server by the staged files, or put the old ones back.

Renames within one file system only: at any moment the old data and the new data are both whole,
in places that the journal tells. Each script may be cut off anywhere and run again.
"""

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.journal import Journal
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.restore.journal import FLUSH
from redis_dr.tasks.step import step

# what is there, with inode and size of every file: the same ones afterwards are the old data,
# not a likeness of it
_SEEN = """
seen() {
  for it in "$@"; do
    if [ -e "$it" ]; then echo "has $it|"; fi
    if [ -d "$it" ]; then
      for file in "$it"/*; do [ ! -e "$file" ] || stat -c '%i %s %n' "$file"; done
    elif [ -e "$it" ]; then stat -c '%i %s %n' "$it"; fi
  done
}
"""

# $1 dir  $2 home  $3 phase file  $4.. names: the dump, the append folder
_SWAP = (
    FLUSH
    + _SEEN
    + """
dir=$1; home=$2; phase=$3; shift 3
mkdir -p "$home/old"
cd "$dir"
seen "$@" > "$home/before.tmp"; flush "$home/before.tmp"
mv "$home/before.tmp" "$home/before"; flush "$home"
record "$phase" swapping
for name in "$@"; do
  if [ -e "$name" ]; then mv "$name" "$home/old/$name"; fi
done
flush "$home/old" "$dir"
for name in "$@"; do
  # a server that somebody started meanwhile may have made its own; mv would move into a folder
  if [ -e "$name" ]; then echo "$dir/$name appeared during the swap"; exit 9; fi
  if [ -e "$home/new/$name" ]; then mv "$home/new/$name" "$name"; fi
done
rm -f temp-[0-9]*.rdb
flush "$dir"
record "$phase" placed
"""
)

# What was set aside comes back; what was placed goes to `failed`; what never moved stays. Without
# `before` no swap had begun, and all that lies there is the old data: the last save of the server
# may have made a file that was not there when the journal was written.
_UNDO = (
    FLUSH
    + _SEEN
    + """
dir=$1; home=$2; phase=$3; shift 3
if [ ! -f "$home/before" ]; then ( record "$phase" undone ) || :; echo untouched; exit 0; fi
had=$(cat "$home/before")
away() {
  mkdir -p "$home/failed" && rm -rf "$home/failed/$1" && mv "$1" "$home/failed/$1" || rm -rf "$1"
}
# on a full disk nothing can be written down; what this does can be done again from its start
( record "$phase" undoing ) || :
cd "$dir"
for name in "$@"; do
  if [ -e "$home/old/$name" ]; then
    if [ -e "$name" ]; then away "$name"; fi
    mv "$home/old/$name" "$name"
  else
    case "$had" in
      *"has $name|"*) ;;
      *) if [ -e "$name" ]; then away "$name"; fi ;;
    esac
  fi
done
flush "$dir" "$home"
( record "$phase" undone ) || :
if [ "$(seen "$@")" = "$had" ]; then echo same; else echo differs; fi
"""
)


@step
def swap(helper: Helper, layout: Layout, journal: Journal) -> None:
    """Set the old data aside and place the staged. The server must be stopped."""
    helper.run(_SWAP, layout.dir, layout.home, layout.phase, journal.dump, journal.append_folder)


@step
def undo(helper: Helper, layout: Layout, journal: Journal) -> Finding:
    """Put the old data back, wherever a swap was cut off. The server must be stopped.

    The finding says whether what lies there now is what lay there before: inodes and sizes.
    """
    names = (journal.dump, journal.append_folder)
    said = helper.run(_UNDO, layout.dir, layout.home, layout.phase, *names).split()
    return Finding(
        check="the old files are back",
        ok=said[-1:] in (["same"], ["untouched"]),
        expected="the same inodes and sizes as before the swap",
        actual=" ".join(said),
    )


def remove_home(helper: Helper, layout: Layout, *, keep_old: bool) -> None:
    """Take this operation's folder away; with `keep_old` the replaced data stays in it."""
    if keep_old:
        parts = (layout.links, layout.new, layout.trial, layout.failed)
        helper.run('rm -rf "$@"', *parts)
    else:
        helper.run('rm -rf "$1"', layout.home)
