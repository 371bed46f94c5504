"""Which rule a key falls under: the rules of one database as one expression, first match wins."""

import re
from collections.abc import Callable, Sequence

from tasks.model.keys import KeyRule

Matcher = Callable[[bytes], int | None]


def matcher(rules: Sequence[KeyRule], db: int) -> tuple[tuple[KeyRule, ...], Matcher]:
    """The rules of `db`, and what tells for a whole key the index among them, or None.

    Alternatives of one expression are tried in order, and each pattern is one group without
    groups inside, so the last group is the first rule that matches the whole key.
    """
    here = tuple(rule for rule in rules if rule.db == db)
    if not here:
        return here, lambda _: None
    source = b"|".join(b"(" + rule.regex_source + b")" for rule in here)
    fullmatch = re.compile(source, re.DOTALL).fullmatch

    def index(key: bytes) -> int | None:
        match = fullmatch(key)
        return None if match is None or match.lastindex is None else match.lastindex - 1

    return here, index
