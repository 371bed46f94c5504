"""Replace the data of a stopped server by the staged files, or put the old ones back.

Renames within one file system only: at any moment the old data and the new data are both whole,
in places that the journal names. Each script may be cut off anywhere and run again.
"""

from dataclasses import dataclass

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.journal import Journal
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.restore.journal import FLUSH
from redis_dr.tasks.step import step

# Every file with inode and size: the same ones afterwards are the old data, not a likeness of it.
_SEEN = """
seen() {
  for it in "$@"; do
    if [ -e "$it" ]; then echo "has $it|"; fi
    if [ -d "$it" ]; then
      for file in "$it"/* "$it"/.[!.]*; do [ ! -e "$file" ] || stat -c '%i %s %n' -- "$file"; done
    elif [ -e "$it" ]; then stat -c '%i %s %n' -- "$it"; fi
  done
}
"""
# The same of the files with data: a server that starts and is not written to makes an empty
# increment and a line in the manifest. The link of the placed file keeps its inode from being used
# again.
_MARKS = """
mark() {
  case "$1" in *.manifest) ;; *) [ ! -s "$1" ] || stat -c '%i %s' -- "$1" ;; esac
}
marks() {
  if [ -d "$1" ]; then for file in "$1"/* "$1"/.[!.]*; do mark "$file"; done; else mark "$1"; fi
}
"""

# $1 dir  $2 home  $3 phase file  $4.. names: the dump, the append folder
_SWAP = (
    FLUSH
    + _SEEN
    + _MARKS
    + """
dir=$1; home=$2; phase=$3; shift 3
mkdir -p "$home/old" "$home/taken"
ln "$home/new/$1" "$home/placed.rdb" 2>/dev/null || :
for name in "$@"; do
  number=$((${number:-0} + 1)); ( cd "$home/new" && marks "./$name" ) > "$home/marks.$number"
done
cd "$dir"
seen "$@" > "$home/before.tmp"; flush "$home/before.tmp"
mv "$home/before.tmp" "$home/before"; flush "$home"
record "$phase" swapping
for name in "$@"; do
  if [ -e "$name" ]; then mv -- "$name" "$home/old/$name"; fi
done
flush "$home/old" "$dir"
for name in "$@"; do
  # a server that somebody started meanwhile may have made its own; mv would move into a folder
  if [ -e "$name" ]; then echo "$dir/$name appeared during the swap"; exit 9; fi
  if [ -e "$home/new/$name" ]; then mv -- "$home/new/$name" "$name"; fi
done
rm -f temp-[0-9]*.rdb
flush "$dir"
record "$phase" placed
"""
)

_WRITTEN = (
    _MARKS
    + """
dir=$1; home=$2; shift 2
cd "$dir"
for name in "$@"; do
  number=$((${number:-0} + 1))
  [ "$(marks "./$name")" = "$(cat "$home/marks.$number" 2>/dev/null || echo unknown)" ] ||
    { echo written; exit 0; }
done
"""
)

# Each name was placed and none was taken away again: what lies there is the new data, all of it.
_WHOLE = """
dir=$1; home=$2; shift 2
part() { echo part; exit 0; }
had=$(cat "$home/before" 2>/dev/null) || part
cd "$dir"
for name in "$@"; do
  number=$((${number:-0} + 1))
  [ ! -e "$home/new/$name" ] || part
  case "$had" in *"has $name|"*) [ -e "$home/old/$name" ] || part ;; esac
  for away in "$home/failed" "$home/taken" "$home"/taken-*; do [ ! -e "$away/$name" ] || part; done
  [ ! -s "$home/marks.$number" ] || [ -e "$name" ] || part
done
echo whole
"""

# What was set aside comes back, what never moved stays. What was placed is taken away: to `failed`
# when it is what was placed, to a folder that is kept when it is not or when that is not known.
# Without `before`, and while the phase is `stopping`, no swap had begun, and all that lies there is
# the old data: the last save of the server, or a server that was started by hand since, may have
# made a file that was not there when the journal or `before` was written.
_UNDO = (
    FLUSH
    + _SEEN
    + _MARKS
    + """
dir=$1; home=$2; phase=$3; shift 3
if [ ! -f "$home/before" ] || [ "$(cat "$phase" 2>/dev/null)" = stopping ]; then
  ( record "$phase" undone ) || :; echo untouched; exit 0
fi
had=$(cat "$home/before")
away() {
  data=$(marks "./$1"); placed=$(cat "$home/marks.$number" 2>/dev/null || echo unknown)
  if [ -z "$data" ] || [ "$data" = "$placed" ]; then
    mkdir -p "$home/failed" && rm -rf "$home/failed/$1" && mv -- "$1" "$home/failed/$1" ||
      rm -rf -- "$1"
    return
  fi
  to=taken; again=1
  while [ -e "$home/$to/$1" ]; do again=$((again + 1)); to=taken-$again; done
  mkdir -p "$home/$to"; mv -- "$1" "$home/$to/$1"; flush "$home/$to"; echo "$to"
}
# on a full disk nothing can be written down; what this does can be done again from its start
( record "$phase" undoing ) || :
cd "$dir"
for name in "$@"; do
  number=$((${number:-0} + 1))
  if [ -e "$home/old/$name" ]; then
    if [ -e "$name" ]; then away "$name"; fi
    mv -- "$home/old/$name" "$name"
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

_REMOVE = """
cd "$1" 2>/dev/null || exit 0
for it in * .[!.]*; do
  case "$it" in
    old) if [ "$2" = keep ]; then rmdir old 2>/dev/null || :; else rm -rf old; fi ;;
    taken | taken-*) rmdir "$it" 2>/dev/null || : ;;
    *) rm -rf -- "$it" ;;
  esac
done
cd /; rmdir "$1" 2>/dev/null || :
"""


@dataclass(frozen=True, slots=True)
class UndoneSwap:
    """What an undo saw."""

    finding: Finding  # whether the files that lie there now are those that lay there before
    taken: tuple[str, ...]  # folders with new data that clients may have written to


@step
def swap(helper: Helper, layout: Layout, journal: Journal) -> None:
    """Set the old data aside and place the staged. The server must be stopped."""
    helper.run(_SWAP, layout.dir, layout.home, layout.phase, journal.dump, journal.append_folder)


@step
def written_since_placed(helper: Helper, layout: Layout, journal: Journal) -> bool:
    """Whether the files differ from what was placed; also True when that is not known."""
    names = (journal.dump, journal.append_folder)
    return bool(helper.run(_WRITTEN, layout.dir, layout.home, *names).strip())


@step
def whole_new_data(helper: Helper, layout: Layout, journal: Journal) -> bool:
    """Whether all of the new data lies in the data directory, wherever a move was cut off."""
    names = (journal.dump, journal.append_folder)
    return helper.run(_WHOLE, layout.dir, layout.home, *names).strip() == "whole"


@step
def undo(helper: Helper, layout: Layout, journal: Journal) -> UndoneSwap:
    """Put the old data back, wherever a swap was cut off. The server must be stopped."""
    names = (journal.dump, journal.append_folder)
    words = helper.run(_UNDO, layout.dir, layout.home, layout.phase, *names).split()
    finding = Finding(
        check="the old files are back",
        ok=words[-1:] in (["same"], ["untouched"]),
        expected="the same inodes and sizes as before the swap",
        actual=" ".join(words[-1:]),
    )
    return UndoneSwap(finding, tuple(f"{layout.home}/{name}" for name in sorted({*words[:-1]})))


def remove_home(helper: Helper, layout: Layout, *, keep_old: bool) -> None:
    """Remove this operation's folder, except data that clients wrote to, and `old` if asked for."""
    helper.run(_REMOVE, layout.home, "keep" if keep_old else "remove")
