"""What a container's command says of the server that it starts. Pure.

Only a command whose last program is surely the server is read. What the text of a shell or an
unknown script does with its arguments is not known without running it.
"""

import re
import shlex
from collections.abc import Sequence
from itertools import takewhile
from pathlib import PurePosixPath

_SERVER = re.compile(r"(redis|valkey|keydb)-server")
_ENTRYPOINT = re.compile(r"docker-entrypoint(\.sh)?")  # of the official images
_SHELL = re.compile(r"(ba|da|a|z|k)?sh|busybox")
_INLINE = re.compile(r"-[a-z]*c[a-z]*")  # -c, -ec, -lc
_SPECIAL = set("|&;<>()$`\\*?[#~%{}\n")  # a text with one of these is a program, not a command


def server_words(command: Sequence[str]) -> tuple[str, ...] | None:
    """The server's arguments; None when the command does not tell which these are."""
    words = list(command)
    for at, word in enumerate(words[:-1]):
        options = takewhile(lambda it: it.startswith("-"), words[at + 1 :])
        if _SHELL.fullmatch(_name(word)) and any(_INLINE.fullmatch(it) for it in options):
            return _of_shell(words[at + 1 :])
        if _SERVER.fullmatch(_name(word)):
            break
    for at, word in enumerate(words):
        if _SERVER.fullmatch(_name(word)):
            return tuple(words[at + 1 :])
    if words and _ENTRYPOINT.fullmatch(_name(words[0])):
        first = words[1] if words[1:] else "-"
        return tuple(words[1:]) if first.startswith("-") or first.endswith(".conf") else None
    return None


def _of_shell(words: list[str]) -> tuple[str, ...] | None:
    """`sh -c TEXT`: known where the text is one plain command."""
    at = next(at for at, word in enumerate(words) if _INLINE.fullmatch(word))
    text = words[at + 1] if words[at + 1 :] else ""
    if _SPECIAL & set(text):
        return None
    try:
        plain = shlex.split(text)
    except ValueError:
        return None
    plain = plain[1:] if plain[:1] == ["exec"] else plain
    return server_words(plain) if plain and "=" not in plain[0] else None


def _name(word: str) -> str:
    return PurePosixPath(word).name
