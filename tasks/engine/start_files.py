"""The files that the next start of a container finds, copied: the entrypoint may edit copies.

They come from its mounts, as a start resolves them now (a file that an editor replaced on the host
is the new one), and from what was changed in the container's own layer. Data files stay out.
"""

import contextlib
import io
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import NoSuchContainer, engine_errors
from redis_dr.tasks.engine.exec import ScriptFailed, run_in
from redis_dr.tasks.model.server.container import ContainerState, Mount
from redis_dr.tasks.model.server.volume import FOLDER

_STAGE = "/.redis-dr-start"  # in the reader's own layer
_SECONDS = 120  # without a word from the script
_LAYER_FILES = 300  # changed in the container's own layer
_LAYER_BYTES = 8 * 2**20  # of one of them: a log, not a configuration
_IN_MEMORY = 2**20
_KINDS = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE)
_DELETED = 2  # a kind of `docker diff`

# $1 stage, $2 dump, $3 append folder, then pairs: "data" or "files", and the mount. A mount that is
# too big to copy is named; big files of the data mount are data.
_COLLECT = r"""
stage=$1; dump=$2; folder=$3; shift 3
rm -rf "$stage"; mkdir -p "$stage"
keep() {
  while IFS= read -r it; do
    to=$stage$it
    mkdir -p "${to%/*}"
    if [ -L "$it" ]; then cp -P "$it" "$to"
    elif [ -d "$it" ]; then
      mkdir -p "$to"; chown "$(stat -c %u:%g "$it")" "$to"; chmod "$(stat -c %a "$it")" "$to"
    elif [ -f "$it" ]; then cp -p "$it" "$to"; fi
  done
}
while [ "$#" -gt 1 ]; do
  kind=$1; mount=$2; shift 2
  [ -e "$mount" ] || continue
  if [ "$kind" = data ]; then
    find "$mount" -xdev -maxdepth 4 \
      \( -name REDIS_DR -o -name "$dump" -o -name "$folder" -o -name '*.rdb' -o -name '*.aof' \
         -o -name '*.aof.*' \) -prune \
      -o \( -type d -o -type l -o -type f \( -size -1024k -o -name '*.so' \) \) -print \
      | head -n 1000 | keep
  elif [ "$(find "$mount" -xdev 2>/dev/null | head -n 1001 | wc -l)" -gt 1000 ] \
      || [ "$(du -sk "$mount" | cut -f1)" -gt 65536 ]; then echo "$mount"
  else find "$mount" -xdev -print | keep; fi
done
""".replace("REDIS_DR", FOLDER)


@dataclass(frozen=True, slots=True)
class StartFiles:
    """A tar of the files by their whole paths, and the mounts that are too big to copy."""

    archive: IO[bytes]
    big: tuple[str, ...]

    def text(self, path: str) -> str | None:
        """One of the files; None when it is not among them: the image's own counts then."""
        self.archive.seek(0)
        with tarfile.open(fileobj=self.archive) as tar:
            for member in reversed(tar.getmembers()):
                if PurePosixPath("/", member.name) == PurePosixPath(path) and member.isfile():
                    content = tar.extractfile(member)
                    return content.read().decode(errors="replace") if content else None
        return None


@contextlib.contextmanager
def start_files(
    container: ContainerState, reader: str, names: tuple[str, str], folder: str
) -> Iterator[StartFiles]:
    """Collect them. `reader` is a container that sees the mounts as a start sees them now.

    `names` are the dump and the append folder in the data directory `folder`. Raises Unreachable,
    ScriptFailed.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for member, content in _changed_in_layer(container):
                tar.addfile(member, content)
            big = _collect(container, reader, names, folder)
            with _archive_of(reader, f"{_STAGE}/.") as source:
                for member, content in _members(source):
                    member.name = member.name.removeprefix("./").strip("/")
                    if member.name:
                        tar.addfile(member, content)
        archive.seek(0)
        yield StartFiles(archive, big)


def _collect(
    container: ContainerState, reader: str, names: tuple[str, str], folder: str
) -> tuple[str, ...]:
    """The small ones of its mounts, in the reader's stage; returns the mounts that are too big."""
    data = container.mount_of(folder)
    pairs = []
    for mount in container.mounts:
        if mount.kind in {"volume", "bind"}:
            pairs += ["data" if mount == data else "files", mount.destination]
    command = ["sh", "-c", _COLLECT, "redis-dr", _STAGE, *names, *pairs]
    code, output = run_in(reader, command, seconds=_SECONDS)
    if code != 0:
        raise ScriptFailed(
            f"the files of {container.name} cannot be copied: {output.strip()}",
            "see the message above",
        )
    return tuple(line for line in output.splitlines() if line.startswith("/"))


def _changed_in_layer(
    container: ContainerState,
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """What was added to or changed in the container's own layer, by whole path."""
    with engine_errors(f"looking at what changed in {container.name}"):
        changes = engine().api.diff(container.id) or []
    paths = [one["Path"] for one in changes if one["Kind"] != _DELETED]
    paths = [path for path in paths if not _is_mounted(path, container.mounts)]
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    for path in [path for path in paths if path not in parents][:_LAYER_FILES]:
        with contextlib.suppress(NoSuchContainer), _archive_of(container.id, path) as source:
            for member, content in _members(source):
                member.name = path.lstrip("/")
                yield member, content
                break


def _is_mounted(path: str, mounts: Iterable[Mount]) -> bool:
    return any(mount.holds(path) for mount in mounts)


def _members(source: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    with tarfile.open(fileobj=source) as tar:
        for member in tar:
            if member.type in _KINDS:
                yield member, tar.extractfile(member) if member.isreg() else None


@contextlib.contextmanager
def _archive_of(container: str, path: str) -> Iterator[IO[bytes]]:
    """The engine's tar of a path, whole; empty for a file that is no configuration by its size."""
    with engine_errors(f"copying {path}"):
        chunks, found = engine().api.get_archive(container, path)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
            if found["size"] > _LAYER_BYTES:
                chunks.close()
                copy.write(_empty_tar())
            else:
                for chunk in chunks:
                    copy.write(chunk)
            copy.seek(0)
            yield copy


def _empty_tar() -> bytes:
    data = io.BytesIO()
    tarfile.open(fileobj=data, mode="w").close()
    return data.getvalue()


def mounted_read_only(inspected: dict[str, Any], places: Iterable[str]) -> list[str]:
    """`SOURCE:PLACE:ro` for the mounts at these places."""
    wanted = set(places)
    return [
        f"{one.get('Name') or one['Source']}:{one['Destination']}:ro"
        for one in inspected["Mounts"]
        if one["Destination"] in wanted
    ]
