"""Scores of sorted sets that a file holds as text, read as Redis reads them."""

import re
from typing import Final

from redis_dr.tasks.rdb.base.text import Text, whole

_HELD: Final = 127  # characters; t_zset.c, zzlStrtod copies so many
# what C's strtod takes from the beginning of a text; the rest is left
_NUMBER: Final = re.compile(
    rb"[ \t\n\v\f\r]*([+-]?(?:"
    rb"(0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?)"
    rb"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"
    rb"|inf(?:inity)?|nan))",
    re.IGNORECASE,
)


def packed_score(text: Text) -> float:
    """A score in a listpack or ziplist: as strtod, so that what is no number counts as 0."""
    digits = whole(text)
    if len(digits) <= _HELD and b"_" not in digits:
        try:
            return float(digits)  # from here on the same as strtod, where it takes the text at all
        except ValueError:
            pass
    number = _NUMBER.match(digits[:_HELD])
    return 0.0 if number is None else _value(number)


def word_score(digits: bytes) -> float | None:
    """A score of the oldest form: a number and nothing else, or None."""
    number = _NUMBER.fullmatch(digits)
    return None if number is None else _value(number)


def _value(number: re.Match[bytes]) -> float:
    text = number[1].decode()
    if number[2] is None:
        return float(text)
    try:
        return float.fromhex(text)
    except OverflowError:
        return float("-inf" if text.startswith("-") else "inf")
