"""Replace the data of a stopped server by the staged files, or put the old ones back.

Renames within one file system only: at any moment the old data and the new data are both whole,
in places that the journal tells. Each script may be cut off anywhere and run again.
"""

from tasks.engine.hands import Hands
from tasks.journaling import FLUSH
from tasks.model.journal import Journal
from tasks.model.report import Finding
from tasks.model.volume import Layout
from tasks.step import step

# inode and size of every data file: the same ones afterwards are the old data, not a likeness
_SEEN = """
seen() {
  for it in "$@"; do
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
seen "$@" > "$home/before"; flush "$home/before" "$home"
record "$phase" swapping
for name in "$@"; do
  if [ -e "$name" ]; then mv "$name" "$home/old/$name"; fi
done
flush "$home/old" "$dir"
for name in "$@"; do
  if [ -e "$home/new/$name" ]; then mv "$home/new/$name" "$name"; fi
done
rm -f temp-[0-9]*.rdb
flush "$dir"
record "$phase" placed
"""
)

# what was set aside comes back; what was placed goes to `failed`; what never moved stays.
# $4 is the list of what stood there before: a name not in it was placed by us
_UNDO = (
    FLUSH
    + _SEEN
    + """
dir=$1; home=$2; phase=$3; had=" $4 "; shift 4
record "$phase" undoing
mkdir -p "$home/failed"
cd "$dir"
for name in "$@"; do
  if [ -e "$home/old/$name" ]; then
    if [ -e "$name" ]; then rm -rf "$home/failed/$name"; mv "$name" "$home/failed/$name"; fi
    mv "$home/old/$name" "$name"
  else
    case "$had" in
      *" $name "*) ;;
      *) if [ -e "$name" ]; then rm -rf "$home/failed/$name"; mv "$name" "$home/failed/$name"; fi ;;
    esac
  fi
done
flush "$dir" "$home"
if [ -f "$home/before" ]; then
  seen "$@" > "$home/after"
  if cmp -s "$home/before" "$home/after"; then echo same; else echo differs; fi
else echo untouched; fi
"""
)


@step
def swap(hands: Hands, layout: Layout, journal: Journal) -> None:
    """Set the old data aside and place the staged. The server must be stopped."""
    hands.run(_SWAP, layout.dir, layout.home, layout.phase, journal.dump, journal.append_folder)


@step
def undo(hands: Hands, layout: Layout, journal: Journal) -> Finding:
    """Put the old data back, wherever a swap was cut off. The server must be stopped.

    The finding says whether what lies there now is what lay there before: inodes and sizes.
    """
    had = " ".join(journal.had)
    names = (journal.dump, journal.append_folder)
    said = hands.run(_UNDO, layout.dir, layout.home, layout.phase, had, *names).split()
    return Finding(
        check="the old files are back",
        ok=said[-1:] in (["same"], ["untouched"]),
        expected="the same inodes and sizes as before the swap",
        actual=" ".join(said),
    )


def remove_home(hands: Hands, layout: Layout, *, keep_old: bool) -> None:
    """Take this operation's folder away; with `keep_old` the replaced data stays in it."""
    if keep_old:
        parts = (layout.pin, layout.new, layout.trial, layout.failed)
        hands.run('rm -rf "$@"', *parts)
    else:
        hands.run('rm -rf "$1"', layout.home)
