"""May a restore stop a server that comes back with other settings than it runs with?

Everything that a restore needs is judged by what the restart brings. Where running and next value
differ, the plan says so; where the difference would cost data or the proof, the gate is shut, and
the finding names what makes both the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.server_limits import REPLIES, memory_gate, replies_gate
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.next_start import NextStart
from redis_dr.tasks.model.server.server_config import normal, on_command_line
from redis_dr.tasks.model.server.server_inside import ServerInside

_SLACK = 1.05  # times maxmemory: what a server needs beside its data differs a little
_EMPTY = '""'
_MOST_NAMED = 12  # settings in the note on the others

# a difference shuts the gate: the files that a stop leaves are not those that the start loads, so
# that a rollback would not bring back what is served now; or the server would not be reached
SHUT: Mapping[str, str] = {
    "dir": "the restart looks for its data in another directory",
    "dbfilename": "the restart loads another file than the one that the server saves",
    "appendonly": "the restart loads the other kind of file",
    "appenddirname": "the restart looks for its append files in another directory",
    "appendfilename": "the restart looks for append files of another name",
    "replicaof": "the server becomes a replica, and takes the data of its master",
    "cluster-enabled": "a cluster node serves its slots only, and has only database 0",
    "port": "the server would not be reached at its address any more",
    "tls-port": "the server would not be reached at its address any more",
    "unixsocket": "the server would not be reached at its address any more",
}
# a difference is named; other findings judge what it means for this backup
NAMED: Mapping[str, str] = {
    "maxmemory": "how much it holds before it evicts or refuses",
    "maxmemory-policy": "what is given up when it is full",
    "databases": "which database numbers exist",
    "save": "how often dump.rdb is written",
    "aclfile": "which users may log in",
    "requirepass": "which password it demands",
    "protected-mode": "whether it answers strangers while no password is set",
    "bind": "at which addresses it listens",
    "rdbchecksum": "whether a damaged file is noticed at the load",
    "rdbcompression": "the size of its files",
    "aof-use-rdb-preamble": "the form of its append files",
    "appendfsync": "how many seconds of writes a power cut takes",
}
# CONFIG SET cannot change them
_FIXED = frozenset(
    {
        *("cluster-enabled", "databases", "appendfilename", "appenddirname", "unixsocket"),
        *("aclfile", "replicaof"),
    }
)
_NOTHING = {"replicaof": "no one"}  # how a configuration says it, where it is not ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The settings that run, and those that the next start brings."""

    running: Mapping[str, str]  # empty: the server does not answer, or may not be asked
    start: NextStart
    inside: ServerInside | None = None  # who answers in the container now
    memory_limit: int = 0  # of the container, bytes; 0: none, or not known


@dataclass(frozen=True, slots=True)
class StartFacts:
    """What the gates judge. Bytes."""

    ahead: Ahead
    container: ContainerState
    config_file: str  # of the running server, "" for none
    used_memory: int  # that the server will need for what is placed
    modules: tuple[str, ...] = ()  # whose data is in the backup
    recorded: Mapping[str, str] = field(default_factory=dict)  # settings in the manifest


def next_start_gates(facts: StartFacts) -> tuple[Finding, ...]:
    """One finding a condition, and one for each setting that the restart changes."""
    return (
        _tried(facts.ahead.start),
        *_login(facts),
        *_rights(facts),
        *(_difference(name, facts) for name in (*SHUT, *NAMED) if _differs(name, facts)),
        *_cluster(facts),
        *_fewer_databases(facts),
        *_protected(facts),
        *_others(facts),
        _maxmemory(facts),
        memory_gate(facts.ahead.memory_limit, facts.used_memory, facts.container.name),
        *_replies(facts),
        *_modules(facts),
    )


def _tried(start: NextStart) -> Finding:
    return Finding(
        check="what the next start brings",
        ok=True,
        actual=f"asked of a throwaway start, {start.seconds:g} s until it answered"
        if start.known
        else "unknown beyond start line and files",
        detail=start.unknown,
    )


def _login(facts: StartFacts) -> list[Finding]:
    login = facts.ahead.start.login
    if login == "unknown":
        return []
    return [
        Finding(
            check="the configured password opens the next start",
            ok=login == "accepted",
            expected="accepted",
            actual=login,
            detail=""
            if login == "accepted"
            else _write_down("requirepass (or the users)", "the password that runs now", facts),
        )
    ]


def _rights(facts: StartFacts) -> list[Finding]:
    refused = facts.ahead.start.refused
    if not refused:
        return []
    names = ", ".join(name.replace("|", " ").upper() for name in refused)
    return [
        Finding(
            check="the user may do after the restart what a restore needs",
            ok=False,
            expected="allowed",
            actual=f"refused: {names}",
            detail="the rights that run now are not written down: ACL SAVE where there is an "
            "aclfile, else " + _write_down("user", "and its rules", facts),
        )
    ]


def _differs(name: str, facts: StartFacts) -> bool:
    return facts.ahead.start.differs(name, facts.ahead.running.get(name))


def _difference(name: str, facts: StartFacts) -> Finding:
    running, after = facts.ahead.running[name], facts.ahead.start.settings[name]
    means = SHUT.get(name) or NAMED[name]
    return Finding(
        check=f"{name} after the restart",
        ok=name not in SHUT,
        expected=running,
        actual=after,
        detail=f"{means}; {_cure(name, running, after, facts)}",
    )


def _cure(name: str, running: str, after: str, facts: StartFacts) -> str:
    keep = _write_down(name, running, facts)
    if name in _FIXED:
        return keep
    return f"`CONFIG SET {name} {after or _EMPTY}` makes it run as it will start; or {keep}"


def _write_down(name: str, value: str, facts: StartFacts) -> str:
    """How the next start gets the value that runs now."""
    value = value or _NOTHING.get(name, _EMPTY)
    if name in on_command_line(facts.container.command):
        return f"make the container again with --{name} {value} on its start line"
    if facts.config_file:
        return f"write {name} {value} into {facts.config_file} (`CONFIG REWRITE`)"
    return f"make the container again with {name} set to {value}"


def _cluster(facts: StartFacts) -> list[Finding]:
    """Of a cluster, other nodes decide which slots this one serves: no restore of one node ends."""
    value = facts.ahead.start.settings.get("cluster-enabled") or _now(facts, "cluster-enabled")
    if value != "yes":
        return []
    return [
        Finding(
            check="no node of a Redis Cluster after the restart",
            ok=False,
            expected="cluster-enabled no",
            actual="cluster-enabled yes",
            detail="a restore of a single node cannot be proven",
        )
    ]


def _fewer_databases(facts: StartFacts) -> list[Finding]:
    running = facts.ahead.running.get("databases", "")
    after = facts.ahead.start.settings.get("databases", "")
    if not (running.isdecimal() and after.isdecimal() and int(after) < int(running)):
        return []
    return [
        Finding(
            check="the data that is there now can be loaded again",
            ok=False,
            expected=f"{running} databases",
            actual=f"{after} databases",
            detail="a rollback would fail if it uses a higher one; "
            + _write_down("databases", running, facts),
        )
    ]


def _protected(facts: StartFacts) -> list[Finding]:
    settings = facts.ahead.start.settings
    shut = (
        _differs("protected-mode", facts)
        and settings.get("protected-mode") == "yes"
        and not settings.get("requirepass")
    )
    if not shut:
        return []
    return [
        Finding(
            check="the next start answers its clients",
            ok=False,
            expected="protected-mode no, or a password",
            actual="protected-mode yes without a password",
            detail=_write_down("protected-mode", "no", facts),
        )
    ]


def _others(facts: StartFacts) -> list[Finding]:
    names = [
        name
        for name in sorted(facts.ahead.running)
        if name not in SHUT and name not in NAMED and _differs(name, facts)
    ]
    if not names:
        return []
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return [
        Finding(
            check="other settings that the restart changes",
            ok=True,
            actual=", ".join(names[:_MOST_NAMED]) + more,
            detail="`CONFIG REWRITE` keeps what runs now, where there is a configuration file",
        )
    ]


def _maxmemory(facts: StartFacts) -> Finding:
    """A load ignores maxmemory; the first command after it evicts, or every write is refused.

    A cache that runs with less than the backup needs was made so: what it evicts is counted. A
    limit that only the restart brings would take keys that nobody meant to lose.
    """
    after = _bytes(facts, "maxmemory")
    policy = facts.ahead.start.settings.get("maxmemory-policy") or _now(facts, "maxmemory-policy")
    over = bool(after) and facts.used_memory > after
    now = int(_now(facts, "maxmemory") or 0)
    meant = bool(now) and facts.used_memory > now
    evicts = policy not in {"noeviction", ""}
    ok = not over or (evicts and (meant or facts.used_memory <= after * _SLACK))
    return Finding(
        check="what is placed fits into maxmemory",
        ok=ok,
        expected=after or "no limit",
        actual=facts.used_memory,
        detail=_too_small(facts, after, policy) if over else "",
    )


def _too_small(facts: StartFacts, after: int, policy: str) -> str:
    lost = (
        "writes are then refused"
        if policy == "noeviction"
        else f"{policy} then evicts about {100 - 100 * after // facts.used_memory} % of it"
    )
    cure = _write_down("maxmemory", str(facts.used_memory * 5 // 4), facts)
    return f"a load ignores maxmemory, and {lost}; {cure}"


def _now(facts: StartFacts, name: str) -> str:
    return facts.ahead.running.get(name) or facts.recorded.get(name, "")


def _bytes(facts: StartFacts, name: str) -> int:
    value = facts.ahead.start.settings.get(name) or _now(facts, name) or "0"
    words = normal(name, value)
    return int(words) if words.isdecimal() else 0


def _replies(facts: StartFacts) -> list[Finding]:
    settings = {**facts.ahead.running, **facts.ahead.start.settings}
    return replies_gate(settings, _write_down(REPLIES, '"normal 0 0 0"', facts))


def _modules(facts: StartFacts) -> list[Finding]:
    start = facts.ahead.start
    if not (facts.modules and start.known and start.login != "refused"):
        return []
    loaded = {one.name for one in start.modules}
    missing = [name for name in facts.modules if name not in loaded]
    return [
        Finding(
            check="modules of the backup in the next start",
            ok=not missing,
            expected=", ".join(facts.modules),
            actual=", ".join(sorted(loaded)) or "none",
            detail=_write_down("loadmodule", ", ".join(missing), facts) if missing else "",
        )
    ]
