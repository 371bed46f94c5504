"""The server processes in a container, by the /proc in there: who, where, and at which ports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.server.companions import ServerProcess

_SECONDS = 30
_LISTENS = "0A"  # a state in /proc/net/tcp

# Reads files of /proc that everybody may read.
_LIST = r"""
for process in /proc/[0-9]*; do
  case "$(cat "$process/comm" 2>/dev/null)" in
    redis-server|redis-sentinel|valkey-server|valkey-sentinel|keydb-server|keydb-sentinel) ;;
    *) continue ;;
  esac
  grep -q '^State:.[ZX]' "$process/status" 2>/dev/null && continue
  owner=$(sed -n 's/^[UG]id:[[:space:]]*\([0-9]*\).*/\1/p' "$process/status" 2>/dev/null)
  echo "${process#/proc/}" $owner "$(tr '\0' ' ' < "$process/cmdline" 2>/dev/null)"
done
"""
# Where a process runs is shown to its own user only: root in a container lacks the capability.
_PLACE = r"""
for process in "$@"; do
  echo "place $process $(stat -L -c %d:%i "/proc/$process/cwd" 2>/dev/null)" \
    "$(readlink "/proc/$process/cwd" 2>/dev/null)"
done
"""
_SOCKETS = r"""
for process in "$@"; do
  ls -l "/proc/$process/fd" 2>/dev/null | sed -n "s/.*socket:\[\([0-9]*\)\].*/socket $process \1/p"
done
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
"""
_BY_ENGINE = "see `docker top`"
_PLACE_OF = 'stat -L -c %d:%i "$1"'


@dataclass(frozen=True, slots=True)
class _Listed:
    """A process and the user that it runs as."""

    process: ServerProcess
    owner: str  # UID:GID


class NotListed(RedisDrError):
    """The processes of the container cannot be listed from within."""


def server_processes(container_id: str) -> tuple[ServerProcess, ...]:
    """Every server process; forks of a save left out. Raises Unreachable, NotListed.

    A container that shares the processes of others, or has no shell, cannot be looked into.
    """
    listed = _listed(container_id)
    found = [one for one in listed if not one.process.fork]
    described = []
    for owner in dict.fromkeys(one.owner for one in found):
        of_owner = [one.process for one in found if one.owner == owner]
        described += _described(container_id, owner, of_owner, alone=len(found) == 1)
    return tuple(described)


def listening_port(words: Sequence[str]) -> int:
    """The port of a line of /proc/net/tcp, if somebody listens there; 0 for any other line."""
    if len(words) > 3 and words[3] == _LISTENS:
        return int(words[1].rpartition(":")[2], 16)
    return 0


def place_in(container_id: str, path: str) -> str:
    """Device and inode of a directory as a container sees it; "" when it is not known."""
    command = ["sh", "-c", _PLACE_OF, "redis-dr", path]
    code, text = run_in(container_id, command, seconds=_SECONDS)
    return text.strip() if code == 0 else ""


def _listed(container_id: str) -> list[_Listed]:
    with engine_errors(f"looking at container {container_id[:12]}"):
        inspected = engine().api.inspect_container(container_id)
    if inspected["HostConfig"].get("PidMode"):
        raise NotListed("the container shares the processes of others", _BY_ENGINE)
    code, text = run_in(container_id, ["sh", "-c", _LIST, "redis-dr"], seconds=_SECONDS)
    if code != 0:
        raise NotListed(f"no shell lists its processes: {text.strip()[:200]}", _BY_ENGINE)
    listed = []
    for line in text.splitlines():
        words = line.split(None, 3)
        if len(words) >= 3 and all(word.isdecimal() for word in words[:3]):
            title = words[3].strip() if words[3:] else ""
            listed.append(_Listed(ServerProcess(int(words[0]), title), f"{words[1]}:{words[2]}"))
    return listed


def _described(
    container_id: str, owner: str, processes: Sequence[ServerProcess], *, alone: bool
) -> list[ServerProcess]:
    """With directory and, where there is more than one server, the ports of each."""
    pids = [str(process.pid) for process in processes]
    script = _PLACE if alone else _PLACE + _SOCKETS
    command = ["sh", "-c", script, "redis-dr", *pids]
    _, text = run_in(container_id, command, owner, seconds=_SECONDS)
    places: dict[int, tuple[str, str]] = {}
    sockets: dict[int, set[str]] = {}
    ports: dict[str, int] = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["place"] and len(words) > 3:
            places[int(words[1])] = (words[2], line.split(None, 3)[3])
        elif words[:1] == ["socket"]:
            sockets.setdefault(int(words[1]), set()).add(words[2])
        elif len(words) > 9 and (port := listening_port(words)):
            ports[words[9]] = port
    return [
        replace(
            process,
            place=places.get(process.pid, ("", ""))[0],
            folder=places.get(process.pid, ("", ""))[1],
            ports=tuple(sorted({ports[it] for it in sockets.get(process.pid, ()) if it in ports})),
        )
        for process in processes
    ]
