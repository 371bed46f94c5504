"""The server processes in an instance's container: its own server, and others beside it. Pure.

A stop of the container ends all of them. What another one holds only in its memory is then lost,
and on the same data directory it writes its files over those of the instance.
"""

import re
from dataclasses import dataclass

from redis_dr.tasks.model.report import Finding

CHECK = "no other server in the container"
# the fork of a save or rewrite has the name of its server, and a title of its own
_FORK = re.compile(r"^\S*-(rdb|aof|module)-")
_SENTINEL = re.compile(r"sentinel", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """One process as /proc of the container shows it."""

    pid: int
    title: str  # its command line; a server writes its address into it
    folder: str = ""  # the directory where it runs, a server's data directory; "": not known
    place: str = ""  # device and inode of that directory; "": not known
    ports: tuple[int, ...] = ()  # where it listens; empty: nowhere, or not known

    @property
    def fork(self) -> bool:
        """Whether it is the fork of a save or rewrite."""
        return bool(_FORK.match(self.title))

    @property
    def sentinel(self) -> bool:
        """Whether it is a Sentinel."""
        return bool(_SENTINEL.search(self.title))

    def __str__(self) -> str:
        return f"{self.title.strip() or 'a server'} (process {self.pid})"


@dataclass(frozen=True, slots=True)
class Companion:
    """Another server in the container, and what it answers to INFO there."""

    process: ServerProcess
    answers: bool = False
    master: str = ""  # HOST:PORT of a replica's master
    append_only: bool = False  # every acknowledged write is in its append-only file
    keys: int = 0
    port: int = 0  # where it answered


@dataclass(frozen=True, slots=True)
class ServersInside:
    """The servers that run in the container."""

    own: ServerProcess | None = None  # the one that answers at the url
    others: tuple[Companion, ...] = ()
    unknown: str = ""  # why the processes could not be listed


def companions_gate(servers: ServersInside, container: str, port: int) -> Finding:
    """Shut while another server may lose what it holds; a harmless one is named.

    Harmless is a Sentinel (another gate judges what it watches), and a server with a directory of
    its own whose writes are all in its append-only file, or which is a replica of this one.
    `port` is the one of the instance's own server.
    """
    if not servers.others:
        actual = f"unknown: {servers.unknown}" if servers.unknown else "none"
        return Finding(check=CHECK, ok=True, expected="none", actual=actual)
    judged = {one: _harm(one, servers.own, port) for one in servers.others}
    harmful = [one for one, harm in judged.items() if harm]
    named = [f"{one.process}: {harm or 'harmless'}" for one, harm in judged.items()]
    return Finding(
        check=CHECK,
        ok=not harmful,
        expected="none, or a harmless one",
        actual="; ".join(named),
        detail=_remedy(harmful, container)
        if harmful
        else "the restore stops the container and it with it; the start of the container has to "
        "bring it back",
    )


def _harm(one: Companion, own: ServerProcess | None, port: int) -> str:
    """Why it must not be stopped as it is; "" when it loses nothing."""
    process = one.process
    replica = bool(port) and one.master.rpartition(":")[2] == str(port) and _local(one.master)
    if process.sentinel:
        return ""
    if own is None or not (process.place and own.place):
        return "whether it has the same data directory is unknown"
    if process.place == own.place:
        return f"it has the same data directory, {process.folder}"
    if not one.answers:
        return "what it holds is unknown: it does not answer in the container with this password"
    lasts = replica or one.append_only
    return "" if lasts else f"its {one.keys} keys may be in its memory only"


def _local(address: str) -> bool:
    return address.rpartition(":")[0] in {"127.0.0.1", "localhost", "::1"}


def _remedy(harmful: list[Companion], container: str) -> str:
    ends = "; ".join(_end(one, container) for one in harmful)
    return (
        "the stop of the container ends every server in it. Save and end the other one first: "
        f"{ends}. What starts it again has to leave it out meanwhile. Or give each server a "
        "container of its own; or a data directory of its own and CONFIG SET appendonly yes"
    )


def _end(one: Companion, container: str) -> str:
    port = one.port or next(iter(one.process.ports), 0)
    if not port:
        return f"docker exec {container} kill -TERM {one.process.pid}"
    return f"docker exec {container} redis-cli -p {port} SHUTDOWN SAVE"
