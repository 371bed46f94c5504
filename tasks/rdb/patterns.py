"""Which rule a key falls under: the rules of one database as one expression, first match wins."""

import re
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Final

from tasks.model.keys import KeyRule
from tasks.rdb.quick import Row

Matcher = Callable[[Iterable[Row]], list[int | None]]

_KEY: Final = itemgetter(1)


def matcher(rules: Sequence[KeyRule], db: int) -> tuple[tuple[KeyRule, ...], Matcher]:
    """The rules of `db`, and what tells for each row 1 plus the index among them, or None.

    Alternatives of one expression are tried in order, so the first that matches the whole key
    wins. Each ends with an empty group, whose number is the answer; it stands at the end so that
    the engine sees the literal beginnings, and rejects most alternatives by their first byte.
    """
    here = tuple(rule for rule in rules if rule.db == db)
    if not here:
        return here, lambda rows: [None for _ in rows]
    source = b"|".join(rule.regex_source + b"()" for rule in here)
    fullmatch = re.compile(source, re.DOTALL).fullmatch

    def indexes(rows: Iterable[Row]) -> list[int | None]:
        return [match and match.lastindex for match in map(fullmatch, map(_KEY, rows))]

    return here, indexes
