"""The quick path of a scan: small keys of simple types that lie whole in the window."""

import struct
from hashlib import blake2b
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.lzf import GREATEST_RATIO, LzfError, decompress
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import length_prefix
from redis_dr.tasks.rdb.value.digest import DIGEST_BYTES, string_digest
from redis_dr.tasks.rdb.value.packed import PACKED, packed_digest

# type, key, expiry (Unix ms), heat, where the record begins (its expiry included), where it ends,
# and where its type byte stands, behind expiry and heat.
# Heat: the LFU counter, or -1 minus the idle seconds of LRU, so that more is hotter in both.
Row = tuple[int, bytes, int | None, int | None, int, int, int]

BATCH: Final = 1024  # rows; with keys of up to 16 KiB that bounds memory
_INT_WIDTH: Final = {0xC0: 1, 0xC1: 2, 0xC2: 4}
_EXPIRY: Final = struct.Struct("<q").unpack_from  # half the time of int.from_bytes
_NEW: Final = blake2b(digest_size=DIGEST_BYTES).copy  # as fast again as making one with options
_SKIPPED: Final = rdb.ONE_STRING | {rdb.LIST_QUICKLIST_2}
_DIGESTED: Final = PACKED | {rdb.STRING}


def quick_keys(  # noqa: C901, PLR0912, PLR0915 - one loop: a call per key or part would double its time
    reader: Reader, rows: list[Row], digests: list[bytes | None], *, digest: bool
) -> None:
    """Read keys until one needs the long way, the window ends, or the batch is full.

    Leaves the reader at the beginning of the first record that it did not take. Damage is never
    decided here: whatever looks odd is left to the long way, which finds the words for it.
    """
    buf, base, pos = reader.buf, reader.base, reader.pos
    size = len(buf)
    simple = _DIGESTED if digest else _SKIPPED
    start = pos
    try:
        for _ in range(BATCH - len(rows)):
            start = pos
            kind = buf[pos]
            expire = heat = None
            stamp = b""  # what the expiry adds to the canonical form: as it stands in the file
            while kind > 247:
                if kind == 252:
                    expire = _EXPIRY(buf, pos + 1)[0]
                    stamp = buf[pos + 1 : pos + 9]
                    pos += 9
                elif kind == 248:
                    idle = buf[pos + 1]
                    if idle < 64:
                        pos += 2
                    elif idle < 128:
                        idle = (idle & 63) << 8 | buf[pos + 2]
                        pos += 3
                    elif idle == 128:
                        idle = int.from_bytes(buf[pos + 2 : pos + 6], "big")
                        pos += 6
                    else:
                        break
                    heat = -1 - idle
                elif kind == 249:
                    heat = buf[pos + 1]
                    pos += 2
                else:
                    break
                kind = buf[pos]
            if kind not in simple:
                break
            record = pos
            plain = True  # the record's own bytes are its canonical form
            length = buf[pos + 1]
            if length < 64:
                pos += 2 + length
                key = buf[pos - length : pos]
            elif length < 128:
                length = (length & 63) << 8 | buf[pos + 2]
                pos += 3 + length
                key = buf[pos - length : pos]
                plain = length > 63
            elif length in _INT_WIDTH:
                width = _INT_WIDTH[length]
                key = b"%d" % int.from_bytes(buf[pos + 2 : pos + 2 + width], "little", signed=True)
                pos += 2 + width
                plain = False
            else:
                break
            head = pos  # of the value; before it stands the key
            key_plain = plain
            if kind == rdb.LIST_QUICKLIST_2:
                if buf[pos] != 1 or buf[pos + 1] != 2:
                    break  # not just one packed node
                pos += 2
            length = buf[pos]
            value = pos
            text = None  # the value, where the file has it in another form
            if length < 64:
                pos += 1 + length
                value += 1
            elif length < 128:
                length = (length & 63) << 8 | buf[pos + 1]
                pos += 2 + length
                value += 2
                plain = plain and length > 63
            elif length == 128:
                length = int.from_bytes(buf[pos + 1 : pos + 5], "big")
                pos += 5 + length
                value += 5
                plain = plain and length > 16383
            elif length in _INT_WIDTH and not kind:
                kind = rdb.STRING_INT
                pos += 1 + _INT_WIDTH[length]
                if digest:
                    text = b"%d" % int.from_bytes(buf[value + 1 : pos], "little", signed=True)
            elif length == 0xC3:
                # compressed: two lengths, of what lies here and of what it comes to
                width = buf[pos + 1]
                if width < 64:
                    pos += 2
                elif width < 128:
                    width = (width & 63) << 8 | buf[pos + 2]
                    pos += 3
                else:
                    break
                length = buf[pos]
                if length < 64:
                    pos += 1
                elif length < 128:
                    length = (length & 63) << 8 | buf[pos + 1]
                    pos += 2
                elif length == 128 and not digest:
                    length = int.from_bytes(buf[pos + 1 : pos + 5], "big")
                    pos += 5
                else:
                    break
                if not 0 < width <= length <= width * GREATEST_RATIO:
                    break
                value = pos
                pos += width
                if not kind:
                    kind = rdb.STRING_LZF
                if digest:
                    if pos > size:
                        break
                    text = decompress(buf[value:pos], length)
            else:
                break
            if pos > size:
                break
            if digest:
                if kind in PACKED:
                    value_digest = packed_digest(kind, key, expire, text or buf[value:pos])
                    if value_digest is None:
                        break
                elif plain and text is None:
                    hasher = _NEW()
                    hasher.update(buf[record:pos] + stamp)
                    value_digest = hasher.digest()
                elif text is not None and key_plain:
                    hasher = _NEW()
                    hasher.update(buf[record:head] + length_prefix(len(text)) + text + stamp)
                    value_digest = hasher.digest()
                else:
                    value_digest = string_digest(key, text or buf[value:pos], expire)
                digests.append(value_digest)
            rows.append((kind, key, expire, heat, base + start, base + pos, base + record))
        else:
            start = pos
    except (IndexError, struct.error, LzfError):
        pass  # the window ends inside a header; or damage, which the long way will name
    reader.pos = start
