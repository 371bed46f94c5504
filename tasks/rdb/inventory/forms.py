"""Content told by the bytes of the records: equal sums of two files prove equal content.

Unequal sums prove nothing: a server may write one value in several ways. Then digests decide.
"""

from array import array
from collections.abc import Iterator
from hashlib import blake2b
from io import BytesIO
from operator import itemgetter
from typing import BinaryIO, Final

from redis_dr.tasks.model.backup.inventory import DatabaseInventory, Inventory
from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.format import broken
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.inventory.record import TABLES, in_order
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.scan.scan import Database, End, Function, Header, Keys, Scan
from redis_dr.tasks.rdb.value.digest import (
    DIGEST_BYTES,
    expiry_bytes,
    record_digest,
    to_hex,
    to_int,
)

_HELD: Final = 4 << 20  # bytes of records in memory; one larger than that is read in pieces
_PIECE: Final = 1 << 20  # bytes
# a hash table is written in the order of its own random seed; fields may expire on the way
_BY_CONTENT: Final = frozenset(
    {
        rdb.SET,
        rdb.HASH,
        rdb.HASH_METADATA,
        rdb.HASH_METADATA_RC,
        rdb.HASH_LISTPACK_EX,
        rdb.HASH_LISTPACK_EX_RC,
    }
)
_OWN: Final = b"\xfe"  # begins no record: what is digested by content is never taken for one
_NAME: Final = itemgetter(1)
_LANES: Final = 8  # numbers of 64 bits in a whole BLAKE2b; two of them are summed

Named = frozenset[tuple[int, bytes]]  # database and key


class _Database:
    """The numbers of one database."""

    def __init__(self) -> None:
        self.keys = self.expires = self.alive = self.first = self.second = 0

    def count(self, rows: list[Row], digests: list[bytes]) -> None:
        """Add a batch; `digests` are whole BLAKE2b hashes of those that live."""
        self.keys += len(rows)
        self.expires += sum(row[2] is not None for row in rows)
        self.alive += len(digests)
        lanes = array("Q", b"".join(digests))
        self.first += sum(lanes[0::_LANES])
        self.second += sum(lanes[1::_LANES])

    def inventory(self) -> DatabaseInventory:
        """The result."""
        total = self.first + (self.second % 2**64 << 64)
        return DatabaseInventory(
            keys=self.keys, expires=self.expires, alive=self.alive, digest=to_hex(total)
        )


def take_forms(
    source: BinaryIO, again: BinaryIO, alive_at_ms: int, by_content: Named = frozenset()
) -> Inventory:
    """Counts of what lives at `alive_at_ms` (Unix ms), and digests of its records.

    What the server remembers of their use (LRU, LFU) is left out. `again` is the same file, opened
    a second time, and is sought in. The keys of `by_content` are known to be written in another
    way. Compare it only with another that was asked the same, and store it nowhere.
    Raises RdbError and UnknownRdb with byte offset and database.
    """
    databases: dict[int, _Database] = {}
    version = size = functions = functions_total = 0
    for event in Scan(source).events():
        match event:
            case Keys(db, rows):
                names = frozenset(name for at, name in by_content if at == db)
                databases[db].count(rows, _digests(rows, again, alive_at_ms, names))
            case Database(number):
                databases.setdefault(number, _Database())
            case Function(code):
                functions += 1
                functions_total += to_int(blake2b(code, digest_size=DIGEST_BYTES).digest())
            case Header():
                version = event.version
            case End():
                size = event.size
    return Inventory(
        rdb_version=version,
        size=size,
        databases={db: one.inventory() for db, one in sorted(databases.items())},
        functions=functions,
        functions_digest=to_hex(functions_total) if functions else None,
    )


def _digests(
    rows: list[Row], again: BinaryIO, alive_at_ms: int, names: frozenset[bytes]
) -> list[bytes]:
    """Of the records that live at the moment; most of them in one loop, for speed."""
    start, size = rows[0][4], rows[-1][5] - rows[0][4]
    again.seek(start)
    if size > _HELD:
        alive = (row for row in rows if row[2] is None or row[2] > alive_at_ms)
        found = (_apart(row, again, alive_at_ms, named=row[1] in names) for row in alive)
        return [digest for digest in found if digest]
    data = _read(again, size, start)
    named = bool(names) and not names.isdisjoint(map(_NAME, rows))
    digests = [
        blake2b(
            data[record - start : end - start]
            if expire is None
            else data[record - start : end - start] + expiry_bytes(expire)
        ).digest()
        for kind, name, expire, _, _, end, record in rows
        if (expire is None or expire > alive_at_ms)
        and kind not in _BY_CONTENT
        and not (named and name in names)
    ]
    for row in rows:
        by_name = named and row[1] in names
        if (by_name or row[0] in _BY_CONTENT) and (row[2] is None or row[2] > alive_at_ms):
            record = data[row[6] - start : row[5] - start]
            if digest := _special(row, record, alive_at_ms, named=by_name):
                digests.append(digest)
    return digests


def _special(row: Row, record: bytes, alive_at_ms: int, *, named: bool) -> bytes | None:
    """One record whose bytes are not the whole truth."""
    if row[0] in TABLES and not named:
        return blake2b(in_order(record) + expiry_bytes(row[2])).digest()
    return _by_content(row, BytesIO(record), alive_at_ms)


def _apart(row: Row, again: BinaryIO, alive_at_ms: int, *, named: bool) -> bytes | None:
    """One record of any size, never whole in memory."""
    again.seek(row[6])
    if named or row[0] in _BY_CONTENT:
        return _by_content(row, again, alive_at_ms)
    hasher = blake2b()
    for part in _pieces(again, row[6], row[5]):
        hasher.update(part)
    hasher.update(expiry_bytes(row[2]))
    return hasher.digest()


def _by_content(row: Row, source: BinaryIO, alive_at_ms: int) -> bytes | None:
    """The digest of inventories, of the record that begins where `source` stands."""
    reader = Reader(source, row[6])
    kind = reader.byte()
    digest = record_digest(reader, kind, reader.string(), row[2], alive_at_ms)
    return digest and blake2b(_OWN + digest).digest()


def _pieces(again: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _PIECE):
        yield _read(again, min(_PIECE, end - at), at)


def _read(again: BinaryIO, size: int, offset: int) -> bytes:
    data = again.read(size)
    if len(data) < size:
        raise broken(offset + len(data), None, "the file became shorter while it was read")
    return data
