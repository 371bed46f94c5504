"""Put the elements of lists back in front of another, each once, losing none."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO, Final

from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Pieces, Text, canonical, feed, length_prefix, whole
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.value.elements import list_elements

_CHUNK: Final = 1 << 16

Place = tuple[BinaryIO, int]  # a file, and where a record begins in it (its type byte)


class Requeue:
    """The lists that go into `name`, and where it stands itself: (file, row), or nowhere."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.sources: list[Row] = []
        self.target: tuple[int, Row] | None = None


class Merge:
    """Elements of `sources` that `target` lacks, then those of `target`.

    Reads the lists anew from their files, so that memory holds 16 bytes for each element of the
    sources and nothing of the target.
    """

    def __init__(self, sources: list[Place], target: Place | None) -> None:
        self._sources = sources
        self._target = target
        met = [_identity(element) for place in sources for element in elements_at(place)]
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
        for place in self._sources:
            for element in elements_at(place):
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


def elements_at(place: Place) -> Iterator[Text]:
    """The elements of the list whose record begins at `place`."""
    source, record = place
    source.seek(record)
    reader = Reader(source, record)
    kind = reader.byte()
    reader.skip_string()
    return list_elements(reader, kind)


def _identity(element: Text) -> bytes:
    hasher = blake2b(digest_size=16)
    feed(hasher, element)
    return hasher.digest()
