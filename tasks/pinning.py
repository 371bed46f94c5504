"""Pin the files of a backup by hard links: free, instant, out of reach of the server's renames."""

from dataclasses import dataclass

from tasks.engine.hands import Hands, ScriptFailed
from tasks.model.aof import AofFile, AofManifest
from tasks.model.errors import Damaged, Unreachable
from tasks.model.manifest import Persistence
from tasks.model.pinned import PinnedAof, PinnedFile, Role
from tasks.model.volume import Layout
from tasks.step import step

_ATTEMPTS = 20  # at an append directory that a rewrite keeps changing

# `cp` reads one inode from its open to its end, so it is as safe where links are not possible
_LINK = 'ln "$1" "$2" 2>/dev/null || cp -p "$1" "$2"; stat -c %s "$2"'

# a restore keeps its own things beside the pins of its safety backup
_UNPIN = 'rm -rf "$1"; rmdir "$2" 2>/dev/null && rmdir "$3" 2>/dev/null || :'

_PIN_AOF = """
folder=$1; pin=$2; shift 2
rm -rf "$pin/aof"; mkdir -p "$pin/aof"
for name in "$@"; do
  from=$folder/$name; to=$pin/aof/$name
  { ln "$from" "$to" || cp -p "$from" "$to"; } 2>/dev/null || exit 3
done
for name in "$@"; do stat -c %s "$pin/aof/$name"; done
"""


@step
def pin_rdb(hands: Hands, layout: Layout, persistence: Persistence) -> PinnedFile:
    """Link dump.rdb under a private name. Raises Unreachable when there is none."""
    path = f"{layout.pin}/dump.rdb"
    source = f"{layout.dir}/{persistence.dbfilename}"
    hands.run('mkdir -p "$2" && chmod 700 "$1" "$2" && rm -f "$3"', layout.folder, layout.pin, path)
    try:
        size = int(hands.run(_LINK, source, path))
    except ScriptFailed as error:
        raise Unreachable(
            f"{source} is not there although the server said that it saved it",
            "check `CONFIG GET dir` and `dbfilename`; the folder must be on the container's volume",
        ) from error
    return PinnedFile("dump.rdb", "rdb", path, size)


@dataclass(frozen=True, slots=True)
class _Pair:
    folder: str
    manifest: str


@step
def pin_aof(hands: Hands, layout: Layout, persistence: Persistence) -> PinnedAof:
    """Link manifest, base and increments together: one state, whatever a rewrite does meanwhile."""
    if not persistence.appendonly:
        return PinnedAof()
    folder = f"{layout.dir}/{persistence.appenddirname}"
    pair = _Pair(folder, f"{folder}/{persistence.appendfilename}.manifest")
    for _ in range(_ATTEMPTS):
        pinned = _try(hands, layout, pair)
        if pinned is not None:
            return pinned
    return PinnedAof(missing=f"{pair.manifest} is not there, or changed under {_ATTEMPTS} pins")


def unpin(hands: Hands, layout: Layout) -> None:
    """Take the private names away; the server's own files are untouched."""
    hands.run(_UNPIN, layout.pin, layout.home, layout.folder)


def _try(hands: Hands, layout: Layout, pair: _Pair) -> PinnedAof | None:
    text = _read(hands, pair.manifest)
    if text is None:  # AOF was just switched on: the first rewrite has not ended
        return None
    manifest = AofManifest.parse(text)
    try:
        sizes = hands.run(_PIN_AOF, pair.folder, layout.pin, *[f.name for f in manifest.files])
    except ScriptFailed:
        return None  # a rewrite ended between the reading and the linking
    if _read(hands, pair.manifest) != text:
        return None
    pairs = zip(manifest.files, sizes.split(), strict=True)
    return PinnedAof(
        tuple(_pinned(layout, file, int(size)) for file, size in pairs), manifest.text()
    )


def _pinned(layout: Layout, file: AofFile, size: int) -> PinnedFile:
    role: Role = "aof-base" if file.kind == "b" else "aof-incr"
    return PinnedFile(f"appendonly/{file.name}", role, f"{layout.pin}/aof/{file.name}", size)


def _read(hands: Hands, path: str) -> str | None:
    text = hands.run('cat "$1" 2>/dev/null || true', path)
    if not text:
        return None
    if not text.endswith("\n"):
        raise Damaged(f"{path} ends within a line", "run redis-check-aof on the append directory")
    return text
