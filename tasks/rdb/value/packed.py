"""Digests of small packed values that are held whole: the quick path's share of digest.py.

Gives None for whatever is unusual or wrong; the long way then reads the value, or finds the words.
"""

import sys
from array import array
from collections.abc import Callable
from hashlib import blake2b
from itertools import pairwise
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.text import canonical
from redis_dr.tasks.rdb.encodings.listpack import SMALL, back_length
from redis_dr.tasks.rdb.value.digest import (
    DIGEST_BYTES,
    END,
    TAGS,
    closing,
    expiry_bytes,
    score_bytes,
    sum_digests,
)
from redis_dr.tasks.rdb.value.score import text_score

_WIDTHS: Final = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}  # bytes of an integer in a listpack
_ARRAYS: Final = {2: "h", 4: "i", 8: "q"}  # type codes by width in bytes


def packed_digest(kind: int, key: bytes, expire_ms: int | None, blob: bytes) -> bytes | None:
    """The digest that `record_digest` gives, or None."""
    unpack, digest_items = _KINDS[kind]
    items = unpack(blob)
    body = None if items is None else digest_items(items)
    if body is None:
        return None
    head = bytes((TAGS[rdb.TYPES[kind][0]],)) + canonical(key)
    data = head + body + expiry_bytes(expire_ms)
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def _listpack(  # noqa: C901 - one branch a form, as in listpack()
    blob: bytes,
) -> list[bytes] | None:
    """All elements, as listpack() yields them.

    Longer than the rule allows: it runs once for each element of every small value.
    """
    size = len(blob)
    if size < 7 or int.from_bytes(blob[:4], "little") != size:
        return None
    items: list[bytes] = []
    pos, last = 6, size - 1
    try:
        while pos < last:
            head = blob[pos]
            if head < 0x80:
                items.append(SMALL[head])
                pos += 1
                width = 1
            elif head < 0xC0:
                width = 1 + (head & 63)
                items.append(blob[pos + 1 : pos + width])
                pos += width
            elif head < 0xE0:
                number = (head & 31) << 8 | blob[pos + 1]
                items.append(b"%d" % (number if number < 4096 else number - 8192))
                pos += 2
                width = 2
            elif head < 0xF0:
                width = 2 + ((head & 15) << 8 | blob[pos + 1])
                items.append(blob[pos + 2 : pos + width])
                pos += width
            else:
                width = 1 + _WIDTHS[head]
                number = int.from_bytes(blob[pos + 1 : pos + width], "little", signed=True)
                items.append(b"%d" % number)
                pos += width
            if width < 128:
                if blob[pos] != width:
                    return None
                pos += 1
            else:
                back = back_length(width)
                if not blob.startswith(back, pos):
                    return None
                pos += len(back)
    except (IndexError, KeyError):
        return None
    sound = pos == last and blob[pos] == 0xFF
    return items if sound and int.from_bytes(blob[4:6], "little") == len(items) else None


def _intset(blob: bytes) -> list[bytes] | None:
    width, count = int.from_bytes(blob[0:4], "little"), int.from_bytes(blob[4:8], "little")
    if width not in _ARRAYS or len(blob) != 8 + width * count:
        return None
    numbers = array(_ARRAYS[width], blob[8:])
    if sys.byteorder == "big":
        numbers.byteswap()
    if any(one >= two for one, two in pairwise(numbers)):
        return None
    return [b"%d" % number for number in numbers]


def _list(items: list[bytes]) -> bytes | None:
    return b"".join(map(canonical, items)) + END if items else None


def _set(items: list[bytes]) -> bytes | None:
    return _sum([canonical(item) for item in items])


def _zset(items: list[bytes]) -> bytes | None:
    try:
        scores = [score_bytes(text_score(item)) for item in items[1::2]]  # type: ignore[arg-type] # None: TypeError
        return _sum([canonical(m) + s for m, s in zip(items[0::2], scores, strict=True)])
    except (TypeError, ValueError):  # no usual number, or an odd number of items
        return None


def _hash(items: list[bytes]) -> bytes | None:
    if len(items) % 2:
        return None
    pairs = zip(items[0::2], items[1::2], strict=True)
    return _sum([canonical(field) + canonical(value) for field, value in pairs])


def _sum(elements: list[bytes]) -> bytes | None:
    if not elements:
        return None
    digests = [blake2b(element, digest_size=DIGEST_BYTES).digest() for element in elements]
    return closing(len(digests), sum_digests(digests))


_Unpack = Callable[[bytes], list[bytes] | None]
_KINDS: Final[dict[int, tuple[_Unpack, Callable[[list[bytes]], bytes | None]]]] = {
    rdb.SET_INTSET: (_intset, _set),
    rdb.SET_LISTPACK: (_listpack, _set),
    rdb.ZSET_LISTPACK: (_listpack, _zset),
    rdb.HASH_LISTPACK: (_listpack, _hash),
    rdb.LIST_QUICKLIST_2: (_listpack, _list),
}
PACKED: Final = frozenset(_KINDS)
