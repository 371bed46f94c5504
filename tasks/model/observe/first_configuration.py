"""Writes the first redis-dr.toml from guesses, as text that a person reads and corrects."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis_dr.tasks.model.observe.discovery import DatabaseGuess, Guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What `init` found out."""

    name: str
    container: str
    url: str
    password_file: str | None
    store: str
    databases: Sequence[DatabaseGuess]
    patterns: Sequence[Guess]
    server: Mapping[str, str]
    sampled: int


def first_configuration(found: Found) -> str:
    """The file's text."""
    return "\n".join(
        [
            "# Written by `redis-dr init` from what it found. As it stands, a restore brings back",
            "# every key, and a flush asks first. What the data looks like stands in comments.",
            "",
            f"[instances.{_key(found.name)}]",
            f"container = {_text(found.container)}",
            f"url = {_text(found.url)}",
            _password(found.password_file),
            "",
            "[store]",
            f"url = {_text(found.store)}",
            "",
            *_databases(found),
            f"# from a sample of {found.sampled:,} keys; first match wins; ttl in seconds",
            *_patterns(found),
            "[server]",
            *(f"{_key(name)} = {_text(value)}" for name, value in found.server.items()),
            "",
            "# [warm]",
            '# lists = ["common-queries.json"]',
            '# endpoint = "http://127.0.0.1:8000/mcp/tools/call"',
            "",
        ]
    )


def _password(path: str | None) -> str:
    if path is not None:
        return f"password_file = {_text(path)}"
    return '# password: $REDIS_PASSWORD, or password_file = "/run/secrets/redis"'


def _databases(found: Found) -> list[str]:
    lines = []
    for guess in found.databases:
        counts = f"{guess.expires:,} with an expiry, {guess.durable:,} without"
        lines += [
            f"# by INFO: {guess.keys:,} keys, {counts}",
            f"[databases.{guess.db}]",
            'purpose = ""  # what it is for; shown in reports',
            'on_restore = "restore"  # restore | empty | keep',
            'flush = "after-backup"  # free | after-backup | confirm | never',
            *_suspicion(guess),
            "",
        ]
    return lines


def _suspicion(guess: DatabaseGuess) -> list[str]:
    if not guess.looks_like:
        return []
    return [
        f"# looks like {guess.looks_like}: {guess.evidence}. If a restore may lose all of it,",
        f"# the {guess.durable:,} keys without an expiry as well:",
        '# on_restore = "empty"',
    ]


def _patterns(found: Found) -> list[str]:
    lines = []
    for guess in found.patterns:
        lines += [
            f"[[keys]]  # {guess.keys:,} sampled, {guess.durable:,} of them without an expiry",
            f"pattern = {_text(guess.pattern)}",
            f"db = {guess.db}",
        ]
        if guess.ttl is not None:
            lines.append(f"ttl = {guess.ttl}")
        if guess.suggestion:
            lines += [
                f"# looks like {guess.looks_like}; if it is:",
                f"# on_restore = {_text(guess.suggestion)}",
            ]
        lines.append("")
    return lines


def _text(value: str) -> str:
    # a JSON string is a TOML basic string, but for DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    bare = name and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    return name if bare else _text(name)
