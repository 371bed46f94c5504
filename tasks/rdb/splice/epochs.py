"""Move counters on, so that what was cached under an old value cannot come back to life."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import whole
from redis_dr.tasks.rdb.splice.encode import Field
from redis_dr.tasks.rdb.value.elements import hash_fields

Fields = Mapping[bytes, tuple[bytes, int | None]]  # field -> value, its expiry in Unix ms

_INTEGER: Final = re.compile(rb"-?(0|[1-9][0-9]{0,18})")
_GREATEST: Final = (1 << 63) - 1  # what HINCRBY and INCR can hold


@dataclass(frozen=True, slots=True)
class Raised:
    """The fields of one key after the splice."""

    fields: tuple[Field, ...]
    raised: int
    only_live: int
    left: tuple[bytes, ...]


def raise_floor(backup: Fields, live: Fields) -> Raised:
    """Every value one above the higher of both sides; fields of either side, backup's first.

    A value that is not an integer, or is the greatest possible one, stays as the backup (or else
    the live set) has it, and is named in `left`.
    """
    fields: list[Field] = []
    left: list[bytes] = []
    only_live = 0
    for name in (*backup, *(name for name in live if name not in backup)):
        sides = [side[name] for side in (backup, live) if name in side]
        numbers = [int(value) for value, _ in sides if _INTEGER.fullmatch(value)]
        value, expire = sides[0]
        if len(numbers) < len(sides) or max(numbers) >= _GREATEST:
            left.append(name)
        else:
            value = b"%d" % (max(numbers) + 1)
            only_live += name not in backup
        fields.append((name, value, expire))
    return Raised(tuple(fields), len(fields) - len(left), only_live, tuple(left))


def fields_at(source: BinaryIO, record: int) -> Fields:
    """A hash as field -> value, or a string as the one field b"" -> value, at its type byte."""
    source.seek(record)
    reader = Reader(source, record)
    kind = reader.byte()
    reader.skip_string()
    if kind == rdb.STRING:
        return {b"": (whole(reader.text()), None)}
    return {field: (value, expire) for field, value, expire in hash_fields(reader, kind)}
