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
            "# written by `redis-dr init` from what it found; correct what it guessed",
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
            f"# from a sample of {found.sampled} keys; first match wins; ttl in seconds",
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
        lines += [
            f"[databases.{guess.db}]  # {guess.keys} keys",
            f"purpose = {_text(guess.purpose)}",
            f"on_restore = {_text(guess.on_restore)}  # restore | empty | keep",
            f"flush = {_text(guess.flush)}  # free | after-backup | confirm | never",
            "",
        ]
    return lines


def _patterns(found: Found) -> list[str]:
    lines = []
    for guess in found.patterns:
        lines += ["[[keys]]", f"pattern = {_text(guess.pattern)}", f"db = {guess.db}"]
        if guess.ttl is not None:
            lines.append(f"ttl = {guess.ttl}")
        if guess.on_restore != "restore":
            lines.append(f"on_restore = {_text(guess.on_restore)}")
        lines.append("")
    return lines


def _text(value: str) -> str:
    # a JSON string is a TOML basic string, but for DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    bare = name and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    return name if bare else _text(name)
