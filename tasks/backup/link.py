"""Snapshot links: hard links to a backup's files, which the server's renames do not touch."""

from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.model.backup.snapshot import LinkedAof, LinkedFile
from redis_dr.tasks.model.backup.stored_name import AOF_FOLDER, DUMP, Role
from redis_dr.tasks.model.errors import Damaged, Unreachable
from redis_dr.tasks.model.server.aof import AofFile, AofManifest
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.step import step

_ATTEMPTS = 200  # at an append directory that a rewrite keeps changing

# `cp` reads one inode from its open to its end, so it is as safe where links are not possible
_LINK = 'ln "$1" "$2" 2>/dev/null || cp -p "$1" "$2"; stat -c %s "$2"'

# a restore keeps its own files beside the links of its safety backup
_REMOVE = 'rm -rf "$1"; rmdir "$2" 2>/dev/null && rmdir "$3" 2>/dev/null || :'

# Between two equal readings of the manifest the files that it names are there, whatever a rewrite
# does before and after; all in one script, since a busy server rewrites faster than calls go out.
_LINK_AOF = """
folder=$1; manifest=$2; links=$3; left=$4
while :; do
  before=$(cat "$manifest" 2>/dev/null; echo .)
  rm -rf "$links/aof"; mkdir -p "$links/aof"
  for from in "$folder"/* "$folder"/.[!.]*; do
    to=$links/aof/${from##*/}
    { ln "$from" "$to" || cp -p "$from" "$to"; } 2>/dev/null || :
  done
  [ "$before" != . ] && [ "$before" = "$(cat "$manifest" 2>/dev/null; echo .)" ] && break
  left=$((left - 1)); [ "$left" -gt 0 ] || exit 3
done
cd "$links/aof"
for name in * .[!.]*; do [ ! -f "$name" ] || stat -c '%s %n' -- "$name"; done
printf '/\\n%s' "${before%.}"
"""


@step
def link_rdb(helper: Helper, layout: Layout, persistence: Persistence) -> LinkedFile:
    """Link dump.rdb under a private name. Raises Unreachable when there is none."""
    path = f"{layout.links}/dump.rdb"
    source = f"{layout.dir}/{persistence.dbfilename}"
    helper.run(
        'mkdir -p "$2" && chmod 700 "$1" "$2" && rm -f "$3"', layout.folder, layout.links, path
    )
    try:
        size = int(helper.run(_LINK, source, path))
    except ScriptFailed as error:
        raise Unreachable(
            f"{source} is not there although the server said that it saved it",
            "check `CONFIG GET dir` and `dbfilename`; the folder must be on the container's volume",
        ) from error
    return LinkedFile(DUMP, "rdb", path, size)


@step
def link_aof(helper: Helper, layout: Layout, persistence: Persistence) -> LinkedAof:
    """Link manifest, base and increments together: one state, whatever a rewrite does meanwhile.

    Raises Damaged for a manifest that Redis does not write, Fenced, Unreachable.
    """
    if not persistence.appendonly:
        return LinkedAof()
    folder = f"{layout.dir}/{persistence.appenddirname}"
    path = f"{folder}/{persistence.appendfilename}.manifest"
    try:
        said = helper.run(_LINK_AOF, folder, path, layout.links, str(_ATTEMPTS))
    except ScriptFailed:
        return LinkedAof(
            missing=f"{path} is not there, or changed during {_ATTEMPTS} attempts to link it"
        )
    listing, _, text = said.partition("/\n")  # no file's name has a slash
    return _linked_aof(layout, path, _sizes(listing), text)


def remove_links(helper: Helper, layout: Layout) -> None:
    """Remove the snapshot links; the server's own files are untouched."""
    helper.run(_REMOVE, layout.links, layout.home, layout.folder)


def _sizes(listing: str) -> dict[str, int]:
    pairs = (line.split(" ", 1) for line in listing.split("\n") if line)
    return {name: int(size) for size, name in pairs}


def _linked_aof(layout: Layout, path: str, sizes: dict[str, int], text: str) -> LinkedAof:
    if not text.endswith("\n"):
        raise Damaged(f"{path} ends within a line", "run redis-check-aof on the append directory")
    manifest = AofManifest.parse(text)
    gone = [file.name for file in manifest.files if file.name not in sizes]
    if gone:
        raise Damaged(
            f"{path} names {', '.join(gone)}, which is not there",
            "run redis-check-aof on the append directory, or let the server write it anew: "
            "BGREWRITEAOF",
        )
    files = tuple(_file(layout, file, sizes[file.name]) for file in manifest.files)
    return LinkedAof(files, manifest.text())


def _file(layout: Layout, file: AofFile, size: int) -> LinkedFile:
    role: Role = "aof-base" if file.kind == "b" else "aof-incr"
    return LinkedFile(f"{AOF_FOLDER}{file.name}", role, f"{layout.links}/aof/{file.name}", size)
