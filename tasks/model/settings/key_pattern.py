"""Patterns of literals and fields against a key, in linear time.

An expression with several `.+` tries every way to share a key among them, and whoever names keys
chooses how long that takes: 28 s for one key of 100 KB. Here each literal is searched for once, and
no step is taken back. A pattern is given by its literals: one more than there are fields, empty
where two fields touch. A field is one or more bytes.
"""

import re
from collections.abc import Sequence


def linear_source(literals: Sequence[bytes]) -> bytes:
    """The pattern of a whole key as regular expression; use with fullmatch and DOTALL.

    The atomic groups take each literal where it comes first, which leaves the most to those behind
    it, and do not look for another place. Only the last field looks back, over one key once.
    """
    first, *between = map(re.escape, literals)
    if not between:
        return first
    last = between.pop()
    return first + b"".join(b"(?>.+?" + literal + b")" for literal in between) + b".+" + last


def fields_of(literals: Sequence[str], key: str) -> tuple[str, ...] | None:
    """What the fields stand for in the key, each as long as those before it allow; None: no match.

    As the groups of `(.+)`, so each literal is taken where it comes last.
    """
    first, *between = literals
    if not between:
        return () if key == first else None
    last = between.pop()
    if not (key.startswith(first) and key.endswith(last)):
        return None
    end = len(key) - len(last)
    fields: list[str] = []
    for literal in reversed(between):
        start = key.rfind(literal, 0, end - 1) if end > 0 else -1
        if start < 0:
            return None
        fields.append(key[start + len(literal) : end])
        end = start
    if end <= len(first):
        return None
    return tuple(reversed([*fields, key[len(first) : end]]))
