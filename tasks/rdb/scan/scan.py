"""One pass over a file: what it holds, in order, keys in batches. All other modules read by it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import WINDOW, Reader
from redis_dr.tasks.rdb.compiled import core
from redis_dr.tasks.rdb.scan.quick import BATCH, Row, quick_keys
from redis_dr.tasks.rdb.value.digest import record_digest
from redis_dr.tasks.rdb.value.module import module_name, skip_module
from redis_dr.tasks.rdb.value.skip import skip_value

_PREFIXES: Final = frozenset({rdb.EXPIRE_MS, rdb.EXPIRE_S, rdb.FREQ, rdb.IDLE})
_FIRST_OPCODE: Final = 243  # below are value types, known or not
_WIDE: Final = 2 << 20  # bytes ahead that are never exceeded by more than twice
_MARGIN: Final = 1 << 15  # bytes ahead under which a refill pays
_LONG_KEY: Final = 1 << 12  # bytes; a batch ends with such a one, so that memory stays small
_MOST_REMARKS: Final = 20_000  # databases, AUX fields, functions, modules together


@dataclass(frozen=True, slots=True)
class Header:
    """The first nine bytes."""

    version: int


@dataclass(frozen=True, slots=True)
class Aux:
    """A remark of the server, like its version; `start` to `end` are its bytes."""

    name: bytes
    value: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Database:
    """From here on the keys belong to this database."""

    number: int


@dataclass(frozen=True, slots=True)
class Function:
    """The source text of one function library."""

    code: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ModuleAux:
    """What a module keeps beside the keys, and when it is to be loaded."""

    module: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of one database that follow each other without a gap.

    `digests` has one entry a row, None where no field of a hash was alive; empty unless wanted.
    """

    db: int
    rows: list[Row]
    digests: list[bytes | None]


@dataclass(frozen=True, slots=True)
class End:
    """The file is whole. `checksum` is None when it was saved without."""

    size: int
    checksum: int | None


Counted = Callable[[Reader], bool]  # takes keys; True when the next one goes beyond the buffer
Event = Header | Aux | Database | Function | ModuleAux | Keys | End


class Scan:
    """Iterate once over `events`. Raises RdbError and UnknownRdb with offset and database."""

    def __init__(
        self,
        source: BinaryIO,
        *,
        digest: bool = False,
        alive_at_ms: int | None = None,
        counted: Counted | None = None,
    ) -> None:
        """`counted` may take keys away before they become an event, if there is a core."""
        self._counted = counted
        self._reader = Reader(source)
        self._digest = digest
        self._alive_at = alive_at_ms
        self._rows: list[Row] = []
        self._digests: list[bytes | None] = []
        self._remarks = 0

    def events(self) -> Iterator[Event]:
        """Everything in the order of the file; ends after End, or raises."""
        reader = self._reader
        version = self._version()
        yield Header(version)
        while True:
            self._quick()
            opcode = reader.byte()
            reader.pos -= 1
            is_key = opcode < _FIRST_OPCODE or opcode in _PREFIXES
            rows = self._rows
            if is_key and len(rows) < BATCH:
                self._one()
            if rows and (not is_key or len(rows) >= BATCH or len(rows[-1][1]) > _LONG_KEY):
                yield self._batch()
            if opcode == rdb.EOF:
                break
            if not is_key and (event := self._other(opcode)) is not None:
                self._remarks += 1
                if self._remarks > _MOST_REMARKS:
                    raise reader.unknown(f"more than {_MOST_REMARKS} databases and remarks")
                yield event
        yield self._end(version)

    def _quick(self) -> None:
        if core is None:
            self._quick_by_python()
            return
        reader = self._reader
        while reader.db is not None:
            if len(reader.buf) - reader.pos < _MARGIN and not reader.ended:
                reader.refill()
            short = self._quick_by_core()
            ahead = len(reader.buf) - reader.pos
            if not short or reader.ended or ahead >= _WIDE:
                return
            reader.refill(max(WINDOW, 2 * ahead))  # a value of some megabytes still fits

    def _quick_by_core(self) -> bool:
        """True when the next key goes beyond the buffer."""
        reader = self._reader
        if self._counted is not None:
            return self._counted(reader)
        digests = self._digests if self._digest else None
        place = (reader.buf, reader.pos, reader.base)
        reader.pos, short = core.scan(*place, self._rows, digests, BATCH)  # type: ignore[union-attr] # asked by the caller
        return bool(short)

    def _quick_by_python(self) -> None:
        reader = self._reader
        while reader.db is not None:
            if len(reader.buf) - reader.pos < _MARGIN and not reader.ended:
                reader.refill()
            quick_keys(reader, self._rows, self._digests, digest=self._digest)
            near_end = len(reader.buf) - reader.pos < _MARGIN
            if reader.ended or not near_end or len(self._rows) >= BATCH:
                return

    def _version(self) -> int:
        reader = self._reader
        magic = reader.take(9)
        if magic[:5] != b"REDIS" or not magic[5:].isdigit():
            raise reader.broken(f"{magic!r} is not an RDB signature", 0)
        version = int(magic[5:])
        if version > rdb.NEWEST_VERSION:
            raise reader.unknown(f"format version {version}; known up to {rdb.NEWEST_VERSION}", 5)
        if version < 1:
            raise reader.broken("format version 0", 5)
        return version

    def _batch(self) -> Keys:
        keys = Keys(self._reader.db or 0, self._rows, self._digests)
        self._rows, self._digests = [], []
        return keys

    def _end(self, version: int) -> End:
        reader = self._reader
        reader.byte()
        stored = 0
        if version >= rdb.CHECKSUM_SINCE:
            computed = reader.checksum()
            stored = int.from_bytes(reader.take(8), "little")
            if stored not in {0, computed}:
                raise reader.broken(
                    f"the checksum is {computed:016x}, not {stored:016x}", reader.offset - 8
                )
        if len(reader.buf) == reader.pos:
            reader.refill()
        if len(reader.buf) > reader.pos:
            raise reader.broken("bytes follow after the end")
        return End(reader.offset, stored or None)

    def _other(self, opcode: int) -> Event | None:
        """An opcode other than a key."""
        reader = self._reader
        start = reader.offset
        reader.byte()
        if opcode == rdb.SELECTDB:
            reader.db = reader.length()
            return Database(reader.db)
        if opcode == rdb.RESIZEDB:  # sizes are hints for the loader; what counts is what follows
            reader.length(), reader.length()
        elif opcode == rdb.SLOT_INFO:
            reader.length(), reader.length(), reader.length()
        elif opcode == rdb.AUX:
            return Aux(reader.string(), reader.string(), start, reader.offset)
        elif opcode == rdb.FUNCTION2:
            return Function(reader.string(), start, reader.offset)
        elif opcode == rdb.MODULE_AUX:
            number = reader.length()
            skip_module(reader)
            return ModuleAux(module_name(number), start, reader.offset)
        else:
            raise reader.unknown(f"opcode {opcode}", start)
        return None

    def _one(self) -> None:
        """One key, whatever it is and however large. The quick path leaves these to it."""
        reader = self._reader
        start = reader.offset
        expire = heat = None
        kind = reader.byte()
        while kind in _PREFIXES:
            if kind == rdb.EXPIRE_MS:
                expire = int.from_bytes(reader.take(8), "little", signed=True)
            elif kind == rdb.EXPIRE_S:
                expire = int.from_bytes(reader.take(4), "little", signed=True) * 1000
            elif kind == rdb.FREQ:
                heat = reader.byte()
            else:
                heat = -1 - reader.length()
            kind = reader.byte()
        self._key(kind, (start, expire, heat))

    def _key(self, kind: int, prefix: tuple[int, int | None, int | None]) -> None:
        reader = self._reader
        start, expire, heat = prefix
        record = reader.offset - 1
        if kind not in rdb.TYPES or kind > 255:
            what = "a value of module format 1" if kind == rdb.MODULE_1 else f"value type {kind}"
            raise reader.unknown(what, reader.offset - 1)
        if reader.db is None:
            raise reader.broken("a key before any SELECTDB", reader.offset - 1)
        key = reader.string()
        shown = self._string_kind() if kind == rdb.STRING else kind
        if self._digest:
            self._digests.append(record_digest(reader, kind, key, expire, self._alive_at))
        else:
            skip_value(reader, kind)
        self._rows.append((shown, key, expire, heat, start, reader.offset, record))

    def _string_kind(self) -> int:
        first = self._reader.byte()
        self._reader.pos -= 1
        if first < 0xC0:
            return rdb.STRING
        return rdb.STRING_LZF if first == 0xC3 else rdb.STRING_INT
