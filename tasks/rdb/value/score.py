"""Scores of sorted sets that a file holds as text.

Redis 7 reads them by strtod, Redis 8 by a parser that takes no blanks, no hex and no plus sign, and
neither reports what it does not read. Only what all of them read alike is taken.
"""

import math
from typing import Final

_LONGEST: Final = 127  # characters; t_zset.c, zzlStrtod copies so many
_INFINITE: Final = {b"inf": math.inf, b"-inf": -math.inf}


def text_score(digits: bytes) -> float | None:
    """The score, or None for what servers read in different ways."""
    # float() would also take blanks, underscores and words
    if digits.translate(None, b"0123456789.-+e") or digits[:1] == b"+" or len(digits) > _LONGEST:
        return _INFINITE.get(digits)
    try:
        score = float(digits)
    except ValueError:
        return None
    return None if math.isinf(score) else score
