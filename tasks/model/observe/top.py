"""What takes memory, what was slow, who is connected. Texts never hold a password or a value."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.backup.inventory import KeySize
from redis_dr.tasks.model.report import Report

_SHOWN = 100  # characters of a command
# whose first argument is no key and may be a secret or a value
_NOTHING_SHOWN = {
    *("auth", "hello", "migrate", "echo", "ping", "eval", "eval_ro"),
    *("publish", "spublish", "psync", "replconf", "quit"),
}


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class PatternShare(_Noun):
    """The sampled keys of one configured pattern; "" collects the others."""

    pattern: str  # as configured; empty: keys of no pattern
    keys: int  # in the sample
    bytes: int  # MEMORY USAGE of those
    share: float  # of the sampled bytes


class SlowCommand(_Noun):
    """One line of the slow log."""

    at: int  # Unix seconds
    milliseconds: float  # that it ran
    command: str  # with its arguments, shortened
    client: str = ""  # address; empty: not recorded


class ClientLine(_Noun):
    """Connections of one host, taken together."""

    host: str  # address of the client
    name: str  # as the client set it; empty: it did not
    connections: int  # of this host and name
    longest_idle_seconds: int  # of these connections
    memory: int  # bytes, as far as the server tells
    commands: tuple[str, ...]  # the last ones seen


class TopReport(Report):
    """The report of `top`."""

    db: int  # number of the database
    keys: int  # in this database
    sampled: int  # keys that were read
    biggest: tuple[KeySize, ...] = ()  # keys of the sample, the biggest first
    patterns: tuple[PatternShare, ...] = ()  # share of each pattern in the sample
    slow: tuple[SlowCommand, ...] = ()  # the slow log, the slowest first
    clients: tuple[ClientLine, ...] = ()  # connections, by host and name
    connections: int = 0  # all of them


def masked(command: str) -> str:
    """A command as people may see it: its name and first key, in one line, not long.

    What follows may be a value or a password: `top` shows neither.
    """
    words = command.split()
    name = words[0].lower() if words else ""
    shown = 1 if name in _NOTHING_SHOWN else 2
    command = " ".join(words[:shown]) + (" ***" if len(words) > shown else "")
    text = "".join(c if c.isprintable() else "." for c in command)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def slow_command(entry: Mapping[str, Any]) -> SlowCommand:
    """From one entry as redis-py parses it; durations are microseconds there."""
    return SlowCommand(
        at=int(entry["start_time"]),
        milliseconds=entry["duration"] / 1000,
        command=masked(_text(entry["command"])),
        client=_text(entry.get("client_address", b"")),
    )


def _text(value: bytes | str) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value


def by_host(clients: Sequence[Mapping[str, str]]) -> tuple[ClientLine, ...]:
    """CLIENT LIST summed by host and name, the most connections first."""
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for client in clients:
        host = client.get("addr", "?").rsplit(":", 1)[0]
        groups.setdefault((host, client.get("name", "")), []).append(client)
    lines = [_line(host, name, members) for (host, name), members in groups.items()]
    return tuple(sorted(lines, key=lambda line: -line.connections))


def _line(host: str, name: str, members: Sequence[Mapping[str, str]]) -> ClientLine:
    return ClientLine(
        host=host,
        name=name,
        connections=len(members),
        longest_idle_seconds=max(int(member.get("idle", 0)) for member in members),
        memory=sum(int(member.get("tot-mem", 0)) for member in members),
        commands=tuple(sorted({member.get("cmd", "") for member in members}))[:5],
    )
