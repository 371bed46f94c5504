"""Move counters on, so that what was cached under an old value cannot come back to life."""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import whole
from redis_dr.tasks.rdb.splice.encode import Field
from redis_dr.tasks.rdb.splice.table import open_table
from redis_dr.tasks.rdb.value.elements import hash_fields

_Row = tuple[bytes, bytes | None, bytes | None, int | None]  # name, both values, expiry

_MOST_NAMED: Final = 100  # fields
_INTEGER: Final = re.compile(rb"-?(0|[1-9][0-9]{0,18})")
_GREATEST: Final = (1 << 63) - 1  # what HINCRBY and INCR can hold


class Raised:
    """The fields of one key after the splice, in a table on disk: backup's first, then live's.

    Every value is one above the higher of both sides. A value that is not an integer, or is the
    greatest possible one, stays as the backup (or else the live set) has it, and is named in
    `left` (the first of them).
    """

    def __init__(self, backup: Iterable[Field], live: Iterable[Field]) -> None:
        self._table = open_table(", backup BLOB, live BLOB, expire INTEGER")
        self._load("backup", backup)
        self._load("live", live)
        self.raised = self.only_live = self.count = 0
        self.left: list[bytes] = []
        for name, old, new, _ in self._rows():
            self.count += 1
            if _above(old, new) is not None:
                self.raised += 1
                self.only_live += old is None
            elif len(self.left) < _MOST_NAMED:
                self.left.append(name)

    def fields(self) -> Iterator[Field]:
        """Field, value, expiry."""
        for name, old, new, expire in self._rows():
            value = _above(old, new)
            if value is None:
                value = old if old is not None else new
            yield name, value or b"", expire

    def _load(self, side: str, fields: Iterable[Field]) -> None:
        keep = "" if side == "live" else ", expire = excluded.expire"  # the backup's expiry counts
        self._table.executemany(
            f"INSERT INTO item (name, {side}, expire) VALUES (?, ?, ?)"  # noqa: S608 - our words
            f" ON CONFLICT (name) DO UPDATE SET {side} = excluded.{side}{keep}",
            fields,
        )

    def _rows(self) -> Iterator[_Row]:
        return iter(
            self._table.execute("SELECT name, backup, live, expire FROM item ORDER BY rowid")
        )


def _above(old: bytes | None, new: bytes | None) -> bytes | None:
    """One above the values of both sides (None: this side has none), or None."""
    sides = [side for side in (old, new) if side is not None]
    if not all(map(_INTEGER.fullmatch, sides)):
        return None
    greatest = max(map(int, sides))
    return None if greatest >= _GREATEST else b"%d" % (greatest + 1)


def fields_at(source: BinaryIO, record: int) -> Iterator[Field]:
    """The fields of a hash, or a string as the one field b"", at its type byte."""
    source.seek(record)
    reader = Reader(source, record)
    kind = reader.byte()
    reader.skip_string()
    if kind == rdb.STRING:
        yield b"", whole(reader.text()), None
    else:
        yield from hash_fields(reader, kind)
