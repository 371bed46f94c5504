"""Put the elements of several lists in front of another list: each one once, none lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import BinaryIO, Final

from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Pieces, Text, canonical, feed, length_prefix, whole
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.splice.encode import gathered
from redis_dr.tasks.rdb.splice.table import open_table
from redis_dr.tasks.rdb.value.elements import list_elements

_BATCH: Final = 1 << 15


@dataclass(frozen=True, slots=True)
class RecordAt:
    """A record of a file."""

    file: BinaryIO
    start: int  # offset of its type byte


class Requeue:
    """The lists that go into the list `name`, and the list itself, if there is one."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.sources: list[Row] = []
        self.target: tuple[int, Row] | None = None  # its file (BACKUP, LIVE) and row


class Merge:
    """Elements of `sources` that `target` lacks, then those of `target`.

    Reads the lists again from their files; a table on disk holds 16 bytes for each element of the
    sources that is still to be put, memory nothing. `chunks` can be taken once.
    """

    def __init__(self, sources: list[RecordAt], target: RecordAt | None) -> None:
        self._sources = sources
        self._target = target
        self._to_put = _Identities()
        met = sum(map(self._to_put.add, _all(sources)))
        kept = 0
        for element in elements_at(target) if target else ():
            kept += 1
            self._to_put.take(_identity(element))
        self.new = self._to_put.count()  # elements put in front
        self.already_there = met - self.new
        self.count = self.new + kept

    def chunks(self) -> Iterator[bytes]:
        """All elements in canonical form, in pieces."""
        return gathered(self._parts())

    def _parts(self) -> Iterator[bytes]:
        for record in self._sources:
            for element in elements_at(record):
                data = whole(element)
                if self._to_put.take(_identity(data)):
                    yield canonical(data)
        for element in elements_at(self._target) if self._target else ():
            if isinstance(element, Pieces):
                yield length_prefix(element.length)
                yield from element.parts
            else:
                yield canonical(element)


class _Identities:
    """Elements, by 16 bytes each."""

    def __init__(self) -> None:
        self._table = open_table("")
        self._batch: list[bytes] = []

    def add(self, identity: bytes) -> int:
        """Add one, if it is new; returns 1."""
        self._batch.append(identity)
        if len(self._batch) >= _BATCH:
            self._write()
        return 1

    def take(self, identity: bytes) -> bool:
        """Remove one; False when it is not there."""
        self._write()
        return self._table.execute("DELETE FROM item WHERE name = ?", (identity,)).rowcount > 0

    def count(self) -> int:
        """How many there are."""
        self._write()
        (count,) = self._table.execute("SELECT count(*) FROM item").fetchone()
        return int(count)

    def _write(self) -> None:
        if self._batch:
            rows = [(identity,) for identity in sorted(self._batch)]  # neighbours share a page
            self._table.executemany("INSERT OR IGNORE INTO item VALUES (?)", rows)
            self._batch.clear()


def _all(records: list[RecordAt]) -> Iterator[bytes]:
    return (_identity(element) for record in records for element in elements_at(record))


def elements_at(record: RecordAt) -> Iterator[Text]:
    """The elements of the list that `record` holds."""
    record.file.seek(record.start)
    reader = Reader(record.file, record.start)
    kind = reader.byte()
    reader.skip_string()
    return list_elements(reader, kind)


def _identity(element: Text) -> bytes:
    hasher = blake2b(digest_size=16)
    feed(hasher, element)
    return hasher.digest()
