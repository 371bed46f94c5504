"""What went through the server in a few seconds, by command and by pattern. No value is kept."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.keys import KeyRule, first_match

# 1795387093.313 [0 127.0.0.1:5555] "SET" "key" "value"
_LINE = re.compile(rb'^\d+\.\d+ \[(\d+) ([^\]]*)\] "((?:[^"\\]|\\.)*)"(?: "((?:[^"\\]|\\.)*)")?')
# commands whose first argument is not a key
_KEYLESS = frozenset(
    {
        *("acl", "auth", "bgrewriteaof", "bgsave", "client", "cluster", "command", "config"),
        *("dbsize", "debug", "discard", "echo", "eval", "evalsha", "exec", "fcall", "flushall"),
        *("flushdb", "function", "hello", "info", "keys", "lastsave", "latency", "memory"),
        *("monitor", "multi", "object", "ping", "psubscribe", "publish", "quit", "randomkey"),
        *("replconf", "role", "save", "scan", "script", "select", "shutdown", "slowlog"),
        *("subscribe", "time", "unsubscribe", "unwatch", "wait"),
    }
)


class Share(BaseModel):
    """One command or pattern."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    name: str  # of the command, the pattern or the client
    count: int  # commands


class MonitorReport(Report):
    """The report of `monitor`."""

    watched_seconds: float  # how long it watched
    seen: int  # commands
    cut: bool = False  # it stopped at the limit of commands, before the time was over
    per_second: float = 0.0  # commands
    commands: tuple[Share, ...] = ()  # the most frequent commands
    patterns: tuple[Share, ...] = ()  # the patterns of the keys that were named most often
    databases: dict[int, int] = Field(default_factory=dict)  # commands per database
    hosts: tuple[Share, ...] = ()  # the clients that sent the most commands


@dataclass(slots=True)
class Tally:
    """Counts, nothing else: its size does not grow with the traffic but with its variety."""

    rules: Sequence[KeyRule]
    seen: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    databases: Counter[int] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)

    def add(self, line: bytes) -> None:
        """Count one line of MONITOR; one that it does not understand counts as "?"."""
        self.seen += 1
        match = _LINE.match(line)
        if match is None:
            self.commands["?"] += 1
            return
        db, command = int(match[1]), match[3].decode(errors="replace").lower()
        self.commands[command] += 1
        self.databases[db] += 1
        self.hosts[match[2].rsplit(b":", 1)[0].decode(errors="replace")] += 1
        if match[4] is not None and command not in _KEYLESS:
            rule = first_match(self.rules, db, unescaped(match[4]))
            self.patterns[rule.pattern if rule else ""] += 1


_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}


def unescaped(text: bytes) -> bytes:
    """The bytes behind MONITOR's escapes (sdscatrepr of Redis)."""

    def plain(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if len(code) == 3:
            return bytes([int(code[1:], 16)])
        return _PLAIN.get(code, code)

    return _ESCAPE.sub(plain, text)


def shares(counts: Counter[str], most: int = 20) -> tuple[Share, ...]:
    """The most frequent ones."""
    return tuple(Share(name=name, count=count) for name, count in counts.most_common(most))
