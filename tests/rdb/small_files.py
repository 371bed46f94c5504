"""Small files that hold every type, for tests that damage them."""

import struct

from tests.rdb import by_hand

MS = 4102444800000  # the year 2100


def _expiring(moment: int, record: bytes) -> bytes:
    return b"\xfc" + struct.pack("<q", moment) + record


def _stream(kind: int) -> bytes:
    node = by_hand.listpack([1, 0, 1, b"f", 0, 2, 0, 0, b"v", 4])
    value = by_hand.length(1) + by_hand.string(struct.pack(">QQ", 5, 0)) + by_hand.string(node)
    value += by_hand.length(1) + by_hand.length(5) + by_hand.length(0)
    if kind > 15:
        value += by_hand.length(5) + by_hand.length(0) * 3 + by_hand.length(1)
    value += by_hand.length(1) + by_hand.string(b"g") + by_hand.length(5) + by_hand.length(0)
    if kind > 15:
        value += by_hand.length(1)
    value += by_hand.length(1) + struct.pack(">QQ", 5, 0) + struct.pack("<Q", 9) + by_hand.length(1)
    value += (
        by_hand.length(1) + by_hand.string(b"c") + struct.pack("<Q", 9) * (2 if kind > 19 else 1)
    )
    return value + by_hand.length(1) + struct.pack(">QQ", 5, 0)


MODULE = by_hand.length(0x1234567890ABCDEF & ~0x3FF) + b"".join(
    [
        by_hand.length(1) + by_hand.length(7),
        by_hand.length(2) + by_hand.length(300),
        by_hand.length(3) + struct.pack("<f", 1.5),
        by_hand.length(4) + struct.pack("<d", 2.5),
        by_hand.length(5) + by_hand.string(b"text"),
        by_hand.length(0),
    ]
)
RECORDS = {
    "string": by_hand.record(0, b"k", by_hand.string(b"value")),
    "string of 14 bits": by_hand.record(0, b"k" * 70, by_hand.string(b"v" * 70)),
    "string int": by_hand.record(0, b"k", b"\xc1\x10\x20"),
    "string lzf": by_hand.record(0, b"k", by_hand.lzf_string(b"abcdefgh" * 40)),
    "int key": b"\x00\xc0\x05" + by_hand.string(b"v"),
    "with expiry, idle": _expiring(MS, b"\xf8\x05" + by_hand.record(0, b"k", b"\xc0\x07")),
    "with seconds, freq": b"\xfd" + struct.pack("<i", 9) + b"\xf9\x07"
                          + by_hand.record(0, b"k", b"\0"),
    "list": by_hand.record(1, b"k", by_hand.length(2) + by_hand.strings([b"a", b"bc"])),
    "set": by_hand.record(2, b"k", by_hand.length(2) + by_hand.strings([b"a", b"bc"])),
    "zset": by_hand.record(3, b"k", by_hand.length(2) + by_hand.string(b"a") + b"\x031.5"
                           + by_hand.string(b"b") + b"\xfe"),
    "hash": by_hand.record(4, b"k", by_hand.length(1) + by_hand.strings([b"a", b"bc"])),
    "zset 2": by_hand.record(5, b"k", by_hand.length(1) + by_hand.string(b"a") + bytes(8)),
    "module": by_hand.record(7, b"k", MODULE),
    "zipmap": by_hand.record(9, b"k", by_hand.string(by_hand.zipmap({b"a": b"bc", b"d": b""}, 2))),
    "ziplist": by_hand.record(10, b"k", by_hand.string(by_hand.ziplist([b"a", 5, 500, 1 << 40]))),
    "intset": by_hand.record(11, b"k", by_hand.string(by_hand.intset([1, 2, -3], 2))),
    "zset ziplist": by_hand.record(12, b"k", by_hand.string(by_hand.ziplist([b"a", 5]))),
    "hash ziplist": by_hand.record(13, b"k", by_hand.string(by_hand.ziplist([b"a", 5]))),
    "quicklist": by_hand.record(14, b"k", by_hand.length(1)
                                + by_hand.string(by_hand.ziplist([b"a"]))),
    "stream": by_hand.record(15, b"k", _stream(15)),
    "hash listpack": by_hand.record(16, b"k", by_hand.string(by_hand.listpack([b"a", 5]))),
    "zset listpack": by_hand.record(17, b"k", by_hand.string(by_hand.listpack([b"a", 500]))),
    "quicklist 2": by_hand.record(18, b"k", by_hand.length(2) + b"\x02"
                                  + by_hand.string(by_hand.listpack([b"a", -70000]))
                                  + b"\x01" + by_hand.string(b"plain")),
    "stream 2": by_hand.record(19, b"k", _stream(19)),
    "set listpack": by_hand.record(20, b"k", by_hand.string(by_hand.listpack([b"a", 1 << 40]))),
    "stream 3": by_hand.record(21, b"k", _stream(21)),
    "hash rc": by_hand.record(22, b"k", by_hand.length(1) + by_hand.length(MS)
                              + by_hand.strings([b"f", b"v"])),
    "hash listpack rc": by_hand.record(23, b"k",
                                       by_hand.string(by_hand.listpack([b"f", b"v", MS]))),
    "hash metadata": by_hand.record(24, b"k", struct.pack("<Q", MS) + by_hand.length(1) + b"\x01"
                                    + by_hand.strings([b"f", b"v"])),
    "hash listpack ex": by_hand.record(25, b"k", struct.pack("<Q", MS)
                                       + by_hand.string(by_hand.listpack([b"f", b"v", MS]))),
}  # fmt: skip
REMARKS = {
    "aux": b"\xfa" + by_hand.strings([b"redis-ver", b"7.0.15"]),
    "function": b"\xf5" + by_hand.string(b"#!lua name=lib\n"),
    "module aux": b"\xf7" + MODULE[:9] + by_hand.length(2) + by_hand.length(1) + MODULE[9:],
}


def one(name: str, *, checksum: bool = True) -> bytes:
    """The file with just this record or remark."""
    if name in REMARKS:
        return by_hand.file(REMARKS[name], version=12, checksum=checksum)
    sizes = b"\xfb\x01\x00" + b"\xf4\x05\x01\x00"  # RESIZEDB, SLOT_INFO
    body = by_hand.database([sizes, RECORDS[name]])
    return by_hand.file(body, version=12, checksum=checksum)


ALL = by_hand.file(
    b"".join(REMARKS.values())
    + by_hand.database(record for name, record in RECORDS.items() if "stream" not in name)
    + by_hand.database((RECORDS["stream 3"],), 3),
    version=12,
)
