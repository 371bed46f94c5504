"""Put the elements of several lists in front of another list: each one once, none lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import BinaryIO, Final

from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Pieces, Text, canonical, feed, length_prefix, whole
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.value.elements import list_elements

_CHUNK: Final = 1 << 16


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

    Reads the lists again from their files, so that memory holds 16 bytes for each element of the
    sources and nothing of the target.
    """

    def __init__(self, sources: list[RecordAt], target: RecordAt | None) -> None:
        self._sources = sources
        self._target = target
        met = [_identity(element) for record in sources for element in elements_at(record)]
        wanted = set(met)
        kept = 0
        self._there: set[bytes] = set()
        for element in elements_at(target) if target else ():
            kept += 1
            identity = _identity(element)
            if identity in wanted:
                self._there.add(identity)
        self.new = len(wanted) - len(self._there)  # elements put in front
        self.already_there = len(met) - self.new
        self.count = self.new + kept

    def chunks(self) -> Iterator[bytes]:
        """All elements in canonical form, in pieces."""
        out = bytearray()
        for part in self._parts():
            out += part
            if len(out) >= _CHUNK:
                yield bytes(out)
                out.clear()
        yield bytes(out)

    def _parts(self) -> Iterator[bytes]:
        put = set(self._there)
        for record in self._sources:
            for element in elements_at(record):
                data = whole(element)
                identity = _identity(data)
                if identity not in put:
                    put.add(identity)
                    yield canonical(data)
        for element in elements_at(self._target) if self._target else ():
            if isinstance(element, Pieces):
                yield length_prefix(element.length)
                yield from element.parts
            else:
                yield canonical(element)


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
