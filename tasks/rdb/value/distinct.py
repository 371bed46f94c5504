"""Fields and members that stand twice in one value: Redis refuses to load such a file."""

from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Text

_MOST: Final = 1 << 15  # names held, for a value
_LARGEST: Final = 2 << 20  # bytes of them
# of listpacks only the header is checked at a load; an intset is in rising order
_CHECKED: Final = frozenset(
    {
        *(rdb.SET, rdb.ZSET, rdb.ZSET_2, rdb.HASH, rdb.HASH_METADATA, rdb.HASH_METADATA_RC),
        *(rdb.HASH_ZIPMAP, rdb.HASH_ZIPLIST, rdb.ZSET_ZIPLIST),
    }
)


# a server loads such a small hash, with both fields, and refuses a large one
_LOADED_SMALL: Final = frozenset({rdb.HASH, rdb.HASH_METADATA, rdb.HASH_METADATA_RC})


class Distinct:
    """The names of one value. Those of a very large one are not held; its load would tell."""

    __slots__ = ("_bytes", "_checked", "_count", "_hash", "_names", "_reader")

    def __init__(self, reader: Reader, kind: int) -> None:
        self._reader = reader
        self._names: set[bytes] = set()
        self._count = self._bytes = 0
        self._checked = kind in _CHECKED
        self._hash = kind in _LOADED_SMALL

    def add(self, name: Text) -> None:
        """Take note of a name; one that comes in pieces is too large to be held."""
        if not self._checked or not isinstance(name, bytes):
            return
        self._names.add(name)
        self._count += 1
        self._bytes += len(name)
        if len(self._names) < self._count:
            what = f"{name[:64]!r} stands twice in one value"
            raise self._reader.unknown(what) if self._hash else self._reader.broken(what)
        if self._count >= _MOST or self._bytes > _LARGEST:
            self._checked = False
            self._names.clear()


def not_empty(reader: Reader, count: int) -> None:
    """Refuse a value without elements: Redis has none, and drops the key when it loads it."""
    if count == 0:
        raise reader.broken("a value without elements, which Redis does not load")
