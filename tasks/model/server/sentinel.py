"""Redis Sentinels that watch a server: who they are, and the commands that hold them back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from redis_dr.tasks.model.report import Finding

HELLO = (
    "__sentinel__:hello"  # the channel of the watched server where Sentinels announce each other
)
_PREFIX = "sentinel-"  # client names: sentinel-<8 of the run id>-cmd, and -pubsub


@dataclass(frozen=True, slots=True)
class Hello:
    """One announcement: ip,port,runid,epoch,master name,master ip,master port,config epoch."""

    address: str
    port: int
    run_id: str
    master: str
    master_address: str
    master_port: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is not an announcement."""
        words = text.split(",")
        if len(words) != 8 or not (words[1].isdigit() and words[6].isdigit()):
            return None
        return cls(words[0], int(words[1]), words[2], words[4], words[5], int(words[6]))


@dataclass(frozen=True, slots=True)
class Sentinels:
    """What the watched server tells of them. `problem`: why it could not be asked."""

    connected: tuple[str, ...] = ()  # ids, the first 8 letters of their run ids
    subscribers: int = 0  # of HELLO; a Sentinel that gave itself no name is one, too
    hellos: tuple[Hello, ...] = ()
    problem: str = ""

    @property
    def watching(self) -> bool:
        """Whether there is a sign of any."""
        return bool(self.connected or self.subscribers or self.hellos)

    @property
    def silent(self) -> int:
        """How many are connected and did not announce themselves while it was listened."""
        heard = {hello.run_id[:8] for hello in self.hellos}
        seen = set(self.connected)
        return len(seen - heard) if seen else max(0, self.subscribers - len(heard))


def sentinel_ids(clients: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Of CLIENT LIST: the ids in the names that Sentinels give their connections."""
    names = (client.get("name", "") for client in clients)
    found = {name[len(_PREFIX) :].rpartition("-")[0] for name in names if name.startswith(_PREFIX)}
    return tuple(sorted(found - {""}))


def sentinel_gate(sentinels: Sentinels) -> Finding:
    """Shut while a Sentinel watches: it makes a replica the master when the server is stopped.

    Each Sentinel has to forget the server: then none has a connection to it any more, which can be
    seen from the server, and the gate opens.
    """
    check = "no Sentinel watches the server"
    if sentinels.problem and not sentinels.watching:
        return Finding(
            check=check,
            ok=False,
            expected="none",
            actual=f"unknown: {sentinels.problem}",
            detail="allow this user CLIENT LIST or PUBSUB NUMSUB: a Sentinel would replace the "
            "restored data by that of a replica",
        )
    return Finding(
        check=check,
        ok=not sentinels.watching,
        expected="none",
        actual=_names(sentinels) if sentinels.watching else "none",
        detail=_commands(sentinels) if sentinels.watching else "",
    )


def _names(sentinels: Sentinels) -> str:
    heard = [f"{one.address}:{one.port} ({one.master})" for one in sentinels.hellos]
    silent = f"{sentinels.silent} that did not announce itself" if sentinels.silent else ""
    return ", ".join([*heard, *([silent] if silent else [])])


def _commands(sentinels: Sentinels) -> str:
    remove = [f"{_cli(one)} SENTINEL REMOVE {one.master}" for one in sentinels.hellos]
    if sentinels.silent or not remove:
        remove.append("redis-cli -h SENTINEL -p 26379 SENTINEL REMOVE NAME on each other one")
    again = [
        f"{_cli(one)} SENTINEL MONITOR {one.master} {one.master_address} {one.master_port} QUORUM"
        for one in sentinels.hellos
    ]
    return (
        "a Sentinel makes a replica the master while the server is stopped, and the restored data "
        "is then replaced by the replica's. Note what SENTINEL MASTER prints, then let every "
        f"Sentinel forget the server: {'; '.join(remove)}; and after the restore "
        f"{'; '.join(again) or 'SENTINEL MONITOR NAME HOST PORT QUORUM on each'}; then give it its "
        "settings again by SENTINEL SET (auth-pass, down-after-milliseconds)"
    )


def _cli(hello: Hello) -> str:
    return f"redis-cli -h {hello.address} -p {hello.port}"
