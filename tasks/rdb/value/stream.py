"""Streams: entries packed in listpacks, then the counters, groups, consumers and what is pending.

From redis/src/rdb.c (rdbLoadObject) and t_stream.c, the layout of a node's listpack.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.format import LONGEST_HELD
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import whole
from redis_dr.tasks.rdb.encodings.blob import Blob
from redis_dr.tasks.rdb.encodings.listpack import listpack

StreamId = tuple[int, int]  # milliseconds, sequence
_DELETED, _SAME_FIELDS = 1, 2  # t_stream.c, STREAM_ITEM_FLAG_*
# Entries refer to the names of their node, and each one's digest has them in full. A node of the
# usual 4 KB and 100 entries comes to 75 times its size at most.
_MOST_REPEATED = 128
_ITEM = 48  # bytes that Python takes for a string beside its content
_UNKNOWN_READ = (1 << 64) - 1  # SCG_INVALID_ENTRIES_READ as the file holds it


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One entry; `pairs` is field, value, field, value."""

    id: StreamId
    pairs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class StreamState:
    """The counters behind the entries."""

    length: int
    last_id: StreamId
    max_deleted_id: StreamId
    entries_added: int


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group's head; its pending entries and consumers follow."""

    name: bytes
    last_id: StreamId
    entries_read: int | None  # None: not known


@dataclass(frozen=True, slots=True)
class Pending:
    """One entry that was delivered and not acknowledged."""

    id: bytes  # 16 bytes, big-endian
    delivered_ms: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Consumer:
    """One consumer. The time when it was last seen is not content, as LRU data is not."""

    name: bytes


@dataclass(frozen=True, slots=True)
class Owned:
    """A pending entry of the consumer before it."""

    id: bytes


StreamPart = StreamEntry | StreamState | Group | Pending | Consumer | Owned


def stream_parts(reader: Reader, kind: int) -> Iterator[StreamPart]:
    """Everything a stream holds, in the order of the file.

    Streams of Redis 5 and 6 get the counters that Redis 7 gives them when it loads them.
    """
    first: StreamId = (0, 0)
    for _ in range(reader.length()):
        for entry in _node(reader):
            if first == (0, 0):
                first = entry.id
            yield entry
    length, last_id = reader.length(), _id(reader)
    state = StreamState(length, last_id, (0, 0), length)
    if kind != rdb.STREAM:
        _id(reader)  # of the first entry: follows from the entries
        state = StreamState(length, last_id, _id(reader), reader.length())
    yield state
    for _ in range(reader.length()):
        name, last = reader.string(), _id(reader)
        read: int | None = reader.length() if kind != rdb.STREAM else _estimate(state, first, last)
        yield Group(name, last, None if read == _UNKNOWN_READ else read)
        yield from _pending(reader)
        yield from _consumers(reader, kind)


def skip_stream(reader: Reader, kind: int) -> None:
    """Pass over a stream without looking into its listpacks."""
    for _ in range(reader.length()):
        reader.skip_string()
        reader.skip_string()
    for _ in range(3 if kind == rdb.STREAM else 8):
        reader.length()
    for _ in range(reader.length()):
        reader.skip_string()
        for _ in range(2 if kind == rdb.STREAM else 3):
            reader.length()
        for _ in range(reader.length()):
            reader.skip(24)
            reader.length()
        for _ in range(reader.length()):
            reader.skip_string()
            reader.skip(16 if kind == rdb.STREAM_3 else 8)
            for _ in range(reader.length()):
                reader.skip(16)


def _id(reader: Reader) -> StreamId:
    return reader.length(), reader.length()


def _pending(reader: Reader) -> Iterator[Pending]:
    for _ in range(reader.length()):
        entry, delivered = reader.take(16), int.from_bytes(reader.take(8), "little")
        yield Pending(entry, delivered, reader.length())


def _consumers(reader: Reader, kind: int) -> Iterator[Consumer | Owned]:
    for _ in range(reader.length()):
        yield Consumer(reader.string())
        reader.skip(16 if kind == rdb.STREAM_3 else 8)  # seen, active
        for _ in range(reader.length()):
            yield Owned(reader.take(16))


def _node(reader: Reader) -> Iterator[StreamEntry]:
    """The live entries of one listpack.

    Master entry: count, deleted, fields, names..., 0. Then for each entry: flags, ms and sequence
    relative to the node's id, [fields, names and values... | values...], how many elements it had.
    """
    master = reader.string()
    if len(master) != 16:
        raise reader.broken(f"a stream node's id has {len(master)} bytes")
    ms, sequence = int.from_bytes(master[:8], "big"), int.from_bytes(master[8:], "big")
    blob = Blob(reader)
    items = _Items(blob)
    live, deleted = items.number(), items.number()
    names = tuple(items.take() for _ in range(items.count()))
    items.number()
    repeated, repeats = sum(map(len, names)), 0
    for _ in range(live + deleted):
        items.begin()
        flags = items.number()
        entry_id = (ms + items.number(), sequence + items.number())
        if flags & _SAME_FIELDS:
            repeats += repeated
            if repeats > _MOST_REPEATED * blob.size:
                raise blob.unknown(f"{repeated} bytes of field names that too many entries repeat")
            pairs = tuple(part for name in names for part in (name, items.take()))
        else:
            pairs = tuple(items.take() for _ in range(2 * items.count()))
        items.number()
        if not flags & _DELETED:
            live -= 1
            yield StreamEntry(entry_id, pairs)
    items.finish()
    if live:
        raise blob.broken(f"a stream node's count is off by {live}")


class _Items:
    """A listpack's elements, taken one by one."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._items = listpack(blob)
        self._held = 0  # bytes, roughly, that the names or one entry take in memory

    def begin(self) -> None:
        """Begin a new entry; the items before it are released."""
        self._held = 0

    def take(self) -> bytes:
        """The next element."""
        text = next(self._items, None)
        if text is None:
            raise self._blob.broken("a stream node ends inside an entry")
        item = whole(text)
        self._held += len(item) + _ITEM
        if self._held > 2 * LONGEST_HELD:
            raise self._blob.unknown("a stream entry too large to be held")
        return item

    def number(self) -> int:
        """The next element as integer."""
        digits = self.take()
        if len(digits) > 20 or not digits.removeprefix(b"-").isdigit():
            raise self._blob.broken("a stream node holds text where a number belongs")
        return int(digits)

    def count(self) -> int:
        """The next element as a number of elements to come."""
        count = self.number()
        if not 0 <= count <= self._blob.size:
            raise self._blob.broken(f"a stream node promises {count} elements")
        return count

    def finish(self) -> None:
        """Nothing may be left."""
        if next(self._items, None) is not None:
            raise self._blob.broken("a stream node goes on behind its last entry")


def _estimate(state: StreamState, first: StreamId, last: StreamId) -> int | None:
    """What Redis 7 takes for `entries-read` of a group that an older one wrote.

    t_stream.c, streamEstimateDistanceFromFirstEverEntry, with no deletions known.
    """
    if not state.entries_added:
        return 0
    if last == state.last_id or (not state.length and last < state.last_id):
        return state.entries_added
    if last > state.last_id:
        return None
    if last < first:
        return state.entries_added - state.length
    return state.entries_added - state.length + 1 if last == first else None
