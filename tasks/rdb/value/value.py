"""A value in memory, as a client would see it: for looking into a file, and for tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Text, whole
from redis_dr.tasks.rdb.value import stream
from redis_dr.tasks.rdb.value.elements import hash_fields, list_elements, set_members, zset_pairs
from redis_dr.tasks.rdb.value.module import module_name, module_parts

_NOTHING: Final = stream.StreamState(0, (0, 0), (0, 0), 0)


@dataclass(slots=True)
class GroupValue:
    """A consumer group."""

    last_id: stream.StreamId
    entries_read: int | None
    pending: dict[bytes, tuple[int, int]] = field(default_factory=dict)  # id -> when, how often
    consumers: dict[bytes, list[bytes]] = field(default_factory=dict)  # name -> ids it has


@dataclass(slots=True)
class StreamValue:
    """A stream."""

    entries: list[tuple[stream.StreamId, tuple[bytes, ...]]] = field(default_factory=list)
    state: stream.StreamState = _NOTHING
    groups: dict[bytes, GroupValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HashValue:
    """A hash; `expiries` in Unix ms, of the fields that have one."""

    fields: dict[bytes, bytes]
    expiries: dict[bytes, int]


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """What a module wrote: numbers and strings whose meaning only it knows."""

    module: str
    parts: tuple[tuple[int, int | bytes], ...]


Value = (
    bytes
    | list[bytes]
    | frozenset[bytes]
    | dict[bytes, float]
    | HashValue
    | StreamValue
    | ModuleValue
)


def read_value(reader: Reader, kind: int) -> Value:
    """The value of type `kind` that lies ahead, whole. Raises RdbError and UnknownRdb."""
    if kind not in rdb.TYPES:
        raise reader.unknown(f"value type {kind}")
    return _READERS[rdb.TYPES[kind][0]](reader, kind)


def _string(reader: Reader, _: int) -> bytes:
    return whole(reader.text())


def _list(reader: Reader, kind: int) -> list[bytes]:
    return [whole(element) for element in list_elements(reader, kind)]


def _set(reader: Reader, kind: int) -> frozenset[bytes]:
    return frozenset(whole(member) for member in set_members(reader, kind))


def _zset(reader: Reader, kind: int) -> dict[bytes, float]:
    return {whole(member): score() for member, score in zset_pairs(reader, kind)}


def _module(reader: Reader, _: int) -> ModuleValue:
    name = module_name(reader.length())
    return ModuleValue(name, tuple((code, _plain(part)) for code, part in module_parts(reader)))


def _plain(part: int | Text) -> int | bytes:
    return part if isinstance(part, int) else whole(part)


def _hash(reader: Reader, kind: int) -> HashValue:
    value = HashValue({}, {})
    for name, content, expire in hash_fields(reader, kind):
        value.fields[name] = content
        if expire is not None:
            value.expiries[name] = expire
    return value


def _stream(reader: Reader, kind: int) -> StreamValue:
    value = StreamValue()
    group, owned = GroupValue((0, 0), None), list[bytes]()
    for part in stream.stream_parts(reader, kind):
        match part:
            case stream.StreamEntry(entry_id, pairs):
                value.entries.append((entry_id, pairs))
            case stream.StreamState():
                value.state = part
            case stream.Group(name, last, read):
                group = value.groups[name] = GroupValue(last, read)
            case stream.Pending(entry, delivered, deliveries):
                group.pending[entry] = (delivered, deliveries)
            case stream.Consumer(name):
                owned = group.consumers[name] = []
            case stream.Owned(entry):
                owned.append(entry)
    return value


_READERS: Final[dict[str, Callable[[Reader, int], Value]]] = {
    "string": _string,
    "list": _list,
    "set": _set,
    "zset": _zset,
    "hash": _hash,
    "stream": _stream,
    "module": _module,
}
