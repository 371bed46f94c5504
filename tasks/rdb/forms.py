"""Content told by the bytes of the records: equal sums of two files prove equal content.

Unequal sums prove nothing: a server may write one value in several ways. Then digests decide.
"""

from collections.abc import Iterator
from hashlib import blake2b
from io import BytesIO
from typing import BinaryIO, Final

from tasks.model.inventory import Inventory
from tasks.rdb import format as rdb
from tasks.rdb.damage import broken
from tasks.rdb.digest import DIGEST_BYTES, expiry_bytes, record_digest, to_int
from tasks.rdb.options import InventoryOptions
from tasks.rdb.quick import Row
from tasks.rdb.reader import Reader
from tasks.rdb.scan import Database, End, Function, Keys, Scan
from tasks.rdb.tally import Tally

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


def take_forms(source: BinaryIO, again: BinaryIO, alive_at_ms: int) -> Inventory:
    """An inventory of what lives at `alive_at_ms` (Unix ms) whose digests are of the records.

    What the server remembers of their use (LRU, LFU) is left out. `again` is the same file, opened
    a second time, and is sought in. Compare it only with another of its kind, and store it nowhere.
    Raises RdbError and UnknownRdb with byte offset and database.
    """
    tally = Tally(InventoryOptions(alive_at_ms=alive_at_ms, largest=0, hottest=0))
    for event in Scan(source).events():
        match event:
            case Keys(db, rows):
                tally.keys(Keys(db, rows, _digests(event, again, alive_at_ms)))
            case Database(number):
                tally.database(number)
            case Function(code):
                tally.functions += 1
                tally.functions_total += to_int(blake2b(code, digest_size=DIGEST_BYTES).digest())
            case End():
                tally.end = event
    return tally.inventory()


def _digests(batch: Keys, again: BinaryIO, alive_at_ms: int) -> list[bytes | None]:
    rows = batch.rows
    start, size = rows[0][4], rows[-1][5] - rows[0][4]
    again.seek(start)
    if size > _HELD:
        return [_apart(row, again, alive_at_ms) for row in rows]
    data = _read(again, size, start)
    digests: list[bytes | None] = [
        blake2b(
            data[record - start : end - start]
            if expire is None
            else data[record - start : end - start] + expiry_bytes(expire),
            digest_size=DIGEST_BYTES,
        ).digest()
        for _, _, expire, _, _, end, record in rows
    ]
    for at, row in enumerate(rows):
        if row[0] in _BY_CONTENT:
            own = BytesIO(data[row[6] - start : row[5] - start])
            digests[at] = _by_content(row, own, alive_at_ms)
    return digests


def _apart(row: Row, again: BinaryIO, alive_at_ms: int) -> bytes | None:
    """One record of any size, never whole in memory."""
    again.seek(row[6])
    if row[0] in _BY_CONTENT:
        return _by_content(row, again, alive_at_ms)
    hasher = blake2b(digest_size=DIGEST_BYTES)
    for part in _pieces(again, row[6], row[5]):
        hasher.update(part)
    hasher.update(expiry_bytes(row[2]))
    return hasher.digest()


def _by_content(row: Row, source: BinaryIO, alive_at_ms: int) -> bytes | None:
    """The digest of inventories, of the record that begins where `source` stands."""
    reader = Reader(source, row[6])
    kind = reader.byte()
    digest = record_digest(reader, kind, reader.string(), row[2], alive_at_ms)
    return digest and blake2b(_OWN + digest, digest_size=DIGEST_BYTES).digest()


def _pieces(again: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _PIECE):
        yield _read(again, min(_PIECE, end - at), at)


def _read(again: BinaryIO, size: int, offset: int) -> bytes:
    data = again.read(size)
    if len(data) < size:
        raise broken(offset + len(data), None, "the file became shorter while it was read")
    return data
