"""Which rule a key falls under: the rules of one database at once, first match wins.

Most keys are decided by their first few bytes, remembered; the others by one expression.
"""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final

from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb.scan.quick import Row

Indexes = Callable[[Sequence[Row]], list[int | None]]

_KEY: Final = itemgetter(1)
_UNDECIDED: Final = 0  # indexes count from 1
_MOST: Final = 4096  # beginnings remembered; more means that they are as many as keys


def matcher(rules: Sequence[KeyRule], db: int) -> tuple[tuple[KeyRule, ...], Indexes]:
    """The rules of `db`, and what tells for each row 1 plus the index among them, or None."""
    here = tuple(rule for rule in rules if rule.db == db)
    return here, _Matcher(here).indexes if here else lambda rows: [None for _ in rows]


class _Matcher:
    """The rules of one database.

    In the expression, alternatives are tried in order, so the first that matches the whole key
    wins. Each ends with an empty group, whose number is the answer; it stands at the end so that
    the engine sees the literal beginnings, and rejects most alternatives by their first byte.
    """

    def __init__(self, rules: Sequence[KeyRule]) -> None:
        source = b"|".join(rule.regex_source + b"()" for rule in rules)
        self._fullmatch = re.compile(source, re.DOTALL).fullmatch
        self._rules = [_Shape(rule.literals) for rule in rules]
        self._sizes = sorted({len(shape.begin) + 1 for shape in self._rules if shape.open})
        self._seen: dict[bytes, int | None] = {}
        self._asked = 0  # times that the expression had to decide, in this batch

    def indexes(self, rows: Sequence[Row]) -> list[int | None]:
        """One answer a row."""
        if not self._sizes:
            return [match and match.lastindex for match in map(self._fullmatch, map(_KEY, rows))]
        size, get = self._sizes[-1], self._seen.get
        found = [get(row[1][:size], _UNDECIDED) for row in rows]
        if _UNDECIDED in found:
            self._asked = 0
            for place, index in enumerate(found):
                if index == _UNDECIDED:
                    found[place] = self._look(rows[place][1], size)
            self._adapt(len(rows))
        return found

    def _ask(self, key: bytes) -> int | None:
        match = self._fullmatch(key)
        return match and match.lastindex

    def _look(self, key: bytes, size: int) -> int | None:
        begin = key[:size]
        if begin not in self._seen:
            self._seen[begin] = self._decide(begin, size)
        found = self._seen[begin]
        if found != _UNDECIDED:
            return found
        self._asked += 1
        return self._ask(key)

    def _decide(self, begin: bytes, size: int) -> int | None:
        """The answer for all keys that begin so, if it is the same for all of them."""
        if len(begin) < size:
            return self._ask(begin)  # this is the whole key
        for index, shape in enumerate(self._rules, 1):
            if shape.open and len(begin) > len(shape.begin) and begin.startswith(shape.begin):
                return index
            if begin.startswith(shape.begin[:size]):
                return _UNDECIDED
        return None

    def _adapt(self, rows: int) -> None:
        """Look at fewer bytes when beginnings are too many, at none when they decide too little."""
        if self._asked * 2 > rows:
            self._sizes.clear()
        elif len(self._seen) > _MOST:
            self._sizes.pop()
            self._seen.clear()


class _Shape:
    """A pattern's literal beginning, and whether nothing but one field follows it."""

    __slots__ = ("begin", "open")

    def __init__(self, literals: Sequence[str]) -> None:
        self.begin = literals[0].encode()
        self.open = len(literals) == 2 and not literals[1]
