"""What `check` sees of the instance and of the machine around it. Pure."""

from collections.abc import Sequence
from datetime import datetime

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.server_config import judge_drift
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.instance import Instance

_WATCHED = ("save", "appendonly", "maxmemory", "maxmemory-policy")


def judge_persistence(info: ServerInfo) -> tuple[Finding, ...]:
    """What the server says of its last saves."""
    states = {
        "last BGSAVE": info.rdb_last_bgsave_status,
        **({"last AOF write": info.aof_last_write_status} if info.aof_enabled else {}),
        **({"last AOF rewrite": info.aof_last_bgrewrite_status} if info.aof_enabled else {}),
    }
    return tuple(
        Finding(check=name, ok=state == "ok", expected="ok", actual=state)
        for name, state in states.items()
    )


def judge_settings(instance: Instance, running: dict[str, str]) -> tuple[Finding, ...]:
    """The settings that decide what a restart or a restore brings back; () without [server]."""
    wanted = {name: instance.server[name] for name in _WATCHED if name in instance.server}
    bad = [
        f"{finding.check} is {finding.actual!r}, not {finding.expected!r}"
        for finding in judge_drift(wanted, running, None)
        if not finding.ok
    ]
    if not wanted:
        return ()
    finding = Finding(
        check="configuration",
        ok=not bad,
        expected="as [server] says: " + ", ".join(wanted),
        actual="; ".join(bad) or "the same",
        detail="see `redis-dr config check`" if bad else "",
    )
    return (finding,)


def judge_clock(what: str, theirs: datetime, between: Sequence[datetime], limit: float) -> Finding:
    """A clock that was read between two looks at ours, against ours. Seconds."""
    early, late = between
    skew = max((early - theirs).total_seconds(), (theirs - late).total_seconds(), 0.0)
    return Finding(
        check=f"clock of {what}",
        ok=skew <= limit,
        expected=f"within {limit:g} s of this machine's",
        actual=f"{skew:.1f} s apart",
        detail="set the clocks by NTP: ages and retention are told by them" if skew > limit else "",
    )


def judge_set_aside(found: Sequence[tuple[str, int, int]], instance: Instance) -> Finding:
    """Replaced data on the volume: (operation, age in seconds, bytes) each."""
    limit, hours = instance.check.set_aside_bytes, instance.restore.set_aside_hours
    total = sum(size for _, _, size in found)
    old = [name for name, age, _ in found if age > (hours + 24) * 3600]
    return Finding(
        check="replaced data on the volume",
        ok=not old and (limit is None or total <= limit),
        expected=f"gone after {hours:g} h" + (f", at most {limit} bytes" if limit else ""),
        actual=f"{len(found)} of them, {total} bytes" if found else "none",
        detail="the next backup or `redis-dr recover` sweeps what is too old" if old else "",
    )


def unanswered(check: str, problem: str, remedy: str) -> Finding:
    """A check that could not run is not ok."""
    return Finding(check=check, ok=False, actual=problem, detail=remedy)
