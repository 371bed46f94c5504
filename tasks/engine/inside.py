"""Where a server listens in its container, and when its process began, by the /proc in there."""

from collections.abc import Iterator
from dataclasses import replace

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.engine.processes import listening_port
from redis_dr.tasks.engine.sandbox import Access
from redis_dr.tasks.model.errors import Unreachable

_SOCKET_LISTENS = "00010000"  # flags in /proc/net/unix
_TICKS = 100  # a second, in /proc/PID/stat: Linux shows every process so, whatever its own clock
_PROCESS = 'cat "/proc/$1/comm" "/proc/$1/stat" && grep ^btime /proc/stat'
_SECONDS = 30


def accesses(
    container_id: str, login: Access, tls: tuple[str, ...] = (), first: int = 6379
) -> Iterator[Access]:
    """Every address that somebody listens at in there, the port `first` first.

    `tls` are arguments for the ports where only TLS is spoken. Nothing of a container that ended.
    """
    try:
        files = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/unix"]
        _, text = run_in(container_id, ["cat", *files], seconds=_SECONDS)
    except Unreachable:
        return
    ports, sockets = _listening(text, first)
    ways: list[tuple[str, ...]] = [*(("-p", str(port)) for port in ports)]
    ways += [("-s", path) for path in sockets]
    ways += [("-p", str(port), *tls) for port in ports if tls]
    for way in ways:
        yield replace(login, arguments=(*way, *login.arguments))


def process_started_at(container_id: str, process_id: int) -> float | None:
    """Unix seconds at which the server of that number began; None when there is no such server."""
    try:
        command = ["sh", "-c", _PROCESS, "redis-dr", str(process_id)]
        code, text = run_in(container_id, command, seconds=_SECONDS)
    except Unreachable:
        return None
    lines = text.splitlines()
    if code != 0 or len(lines) != 3 or not lines[0].endswith("-server"):
        return None
    # the name in field 2 may hold blanks and brackets; field 22 is the start (proc(5))
    ticks = int(lines[1].rpartition(")")[2].split()[19])
    return int(lines[2].split()[1]) + ticks / _TICKS


def _listening(text: str, first: int) -> tuple[list[int], list[str]]:
    ports, sockets = set(), []
    for line in text.splitlines():
        words = line.split()
        if port := listening_port(words):
            ports.add(port)
        elif len(words) == 8 and words[3] == _SOCKET_LISTENS:
            sockets.append(words[7])
    return sorted(ports, key=lambda port: (port != first, port)), sockets
