"""The server's settings: wanted, running, and what a restart would bring. Pure decisions."""

import re
from collections.abc import Mapping, Sequence

from redis_dr.tasks.model.report import Finding, Report
from redis_dr.tasks.model.server.start_line import server_words

_SIZE = re.compile(r"(\d+)(b|kb?|mb?|gb?)?", re.IGNORECASE)
_UNITS = {
    None: 1,
    "b": 1,
    "k": 1000,
    "kb": 2**10,
    "m": 10**6,
    "mb": 2**20,
    "g": 10**9,
    "gb": 2**30,
}  # as in redis.conf

SECRETS = frozenset(
    {
        "requirepass",
        "masterauth",
        "masteruser",
        "tls-key-file-pass",
        "tls-client-key-file-pass",
        "user",
    }
)

# of Redis 7: what a start without that setting gives
DEFAULTS: Mapping[str, str] = {
    "maxmemory": "0",
    "maxmemory-policy": "noeviction",
    "appendonly": "no",
    "appendfsync": "everysec",
    "appendfilename": "appendonly.aof",
    "appenddirname": "appendonlydir",
    "dbfilename": "dump.rdb",
    "save": "3600 1 300 100 60 10000",
    "tcp-keepalive": "300",
    "timeout": "0",
    "databases": "16",
    "protected-mode": "yes",
}

MEANS: Mapping[str, str] = {
    "maxmemory": "how much it holds before it evicts or refuses",
    "maxmemory-policy": "what is given up when it is full: with noeviction writes fail instead",
    "appendonly": "whether writes since the last save survive, and which file a start loads",
    "appendfsync": "how many seconds of writes a power cut takes",
    "save": "how often dump.rdb is written; a failed save then stops writes",
    "appendfilename": "a restore must place files under this name, or it starts empty",
    "appenddirname": "a restore must place files in this directory, or it starts empty",
    "dbfilename": "a restore must place the file under this name, or it starts empty",
    "databases": "which database numbers exist",
    "timeout": "after how many idle seconds clients are cut off",
    "tcp-keepalive": "how soon dead clients are noticed",
    "protected-mode": "whether it answers strangers while no password is set",
}


def normal(name: str, value: str) -> str:
    """A form in which equal settings are equal texts: 256mb = 268435456, save points sorted."""
    words = value.strip().strip('"').lower().split()
    if name == "save":
        pairs = sorted(
            (int(words[i]), int(words[i + 1]))
            for i in range(0, len(words) - 1, 2)
            if words[i].isdecimal() and words[i + 1].isdecimal()
        )
        return " ".join(f"{seconds} {changes}" for seconds, changes in pairs)
    return " ".join(_number(word) for word in words)


def _number(word: str) -> str:
    match = _SIZE.fullmatch(word)
    return str(int(match[1]) * _UNITS[match[2]]) if match else word


def on_command_line(command: Sequence[str]) -> dict[str, str]:
    """The settings among the server's arguments; secrets stay, hidden, as "***".

    None of a command that does not tell which arguments these are (start_line.py).
    """
    words = server_words(command) or ()
    found: dict[str, list[str]] = {}
    name = None
    for word in words:
        if word.startswith("--") and len(word) > 2:
            name = word[2:].lower()
            found.setdefault(name, [])
        elif name is not None:
            found[name].append(word)
    return {name: "***" if name in SECRETS else " ".join(values) for name, values in found.items()}


def line_without_secrets(command: Sequence[str]) -> tuple[str, ...]:
    """The `--name value` words of a start line, one a word; secrets are hidden, as "***".

    What stands before the first `--name` is kept only where it cannot hold a secret: a program and
    the path of a file.
    """
    program = [word for word in command[:2] if not set(word) & set(" =;&|") and word[:2] != "--"]
    words = [word for item in on_command_line(command).items() for word in _shown(*item)]
    return (*program, *words)


def _shown(name: str, value: str) -> tuple[str, ...]:
    if "=" in name:  # --name=value
        name, _, value = name.partition("=")
    if name in SECRETS or name == "rename-command":  # who knows a new name may use it
        value = "***"
    return (f"--{name}", *([value] if value else []))


def judge_drift(
    wanted: Mapping[str, str], running: Mapping[str, str], command: Mapping[str, str] | None
) -> list[Finding]:
    """One finding a setting. `command`: what the next start says; None when nobody can tell."""
    return [_drift(name, value, running.get(name), command) for name, value in wanted.items()]


def _drift(
    name: str, wanted: str, running: str | None, command: Mapping[str, str] | None
) -> Finding:
    means = MEANS.get(name, "")
    if running is None:
        return Finding(
            check=name, ok=False, expected=wanted, detail="this server has no such setting"
        )
    same = normal(name, wanted) == normal(name, running)
    details = [] if same else [means]
    lasting = True
    if command is not None:
        after = command.get(name, DEFAULTS.get(name))
        lasting = after is None or normal(name, after) == normal(name, wanted)
        if not lasting:
            source = "set" if name in command else "not set"
            details.append(f"the next restart brings {after!r}: {source} on the command line")
    return Finding(
        check=name,
        ok=same and lasting,
        expected=wanted,
        actual=running,
        detail="; ".join(detail for detail in details if detail),
    )


class ConfigReport(Report):
    """The report of `config check`, and of `config render` with the two texts."""

    redis_conf: str = ""  # text of redis.conf
    compose: str = ""  # text of the Compose file
