"""Small files that hold every type, for tests that damage them."""

import struct

from tests.support import raw_rdb

MS = 4102444800000  # the year 2100


def _expiring(moment: int, record: bytes) -> bytes:
    return b"\xfc" + struct.pack("<q", moment) + record


def _stream(kind: int) -> bytes:
    node = raw_rdb.listpack([1, 0, 1, b"f", 0, 2, 0, 0, b"v", 4])
    value = raw_rdb.length(1) + raw_rdb.string(struct.pack(">QQ", 5, 0)) + raw_rdb.string(node)
    value += raw_rdb.length(1) + raw_rdb.length(5) + raw_rdb.length(0)
    if kind > 15:
        value += raw_rdb.length(5) + raw_rdb.length(0) * 3 + raw_rdb.length(1)
    value += raw_rdb.length(1) + raw_rdb.string(b"g") + raw_rdb.length(5) + raw_rdb.length(0)
    if kind > 15:
        value += raw_rdb.length(1)
    value += raw_rdb.length(1) + struct.pack(">QQ", 5, 0) + struct.pack("<Q", 9) + raw_rdb.length(1)
    value += (
        raw_rdb.length(1) + raw_rdb.string(b"c") + struct.pack("<Q", 9) * (2 if kind > 19 else 1)
    )
    return value + raw_rdb.length(1) + struct.pack(">QQ", 5, 0)


MODULE = raw_rdb.length(0x1234567890ABCDEF & ~0x3FF) + b"".join(
    [
        raw_rdb.length(1) + raw_rdb.length(7),
        raw_rdb.length(2) + raw_rdb.length(300),
        raw_rdb.length(3) + struct.pack("<f", 1.5),
        raw_rdb.length(4) + struct.pack("<d", 2.5),
        raw_rdb.length(5) + raw_rdb.string(b"text"),
        raw_rdb.length(0),
    ]
)
RECORDS = {
    "string": raw_rdb.record(0, b"k", raw_rdb.string(b"value")),
    "string of 14 bits": raw_rdb.record(0, b"k" * 70, raw_rdb.string(b"v" * 70)),
    "string int": raw_rdb.record(0, b"k", b"\xc1\x10\x20"),
    "string lzf": raw_rdb.record(0, b"k", raw_rdb.lzf_string(b"abcdefgh" * 40)),
    "int key": b"\x00\xc0\x05" + raw_rdb.string(b"v"),
    "with expiry, idle": _expiring(MS, b"\xf8\x05" + raw_rdb.record(0, b"k", b"\xc0\x07")),
    "with seconds, freq": b"\xfd" + struct.pack("<i", 9) + b"\xf9\x07"
                          + raw_rdb.record(0, b"k", b"\0"),
    "list": raw_rdb.record(1, b"k", raw_rdb.length(2) + raw_rdb.strings([b"a", b"bc"])),
    "set": raw_rdb.record(2, b"k", raw_rdb.length(2) + raw_rdb.strings([b"a", b"bc"])),
    "zset": raw_rdb.record(3, b"k", raw_rdb.length(2) + raw_rdb.string(b"a") + b"\x031.5"
                           + raw_rdb.string(b"b") + b"\xfe"),
    "hash": raw_rdb.record(4, b"k", raw_rdb.length(1) + raw_rdb.strings([b"a", b"bc"])),
    "zset 2": raw_rdb.record(5, b"k", raw_rdb.length(1) + raw_rdb.string(b"a") + bytes(8)),
    "module": raw_rdb.record(7, b"k", MODULE),
    "zipmap": raw_rdb.record(9, b"k", raw_rdb.string(raw_rdb.zipmap({b"a": b"bc", b"d": b""}, 2))),
    "ziplist": raw_rdb.record(10, b"k", raw_rdb.string(raw_rdb.ziplist([b"a", 5, 500, 1 << 40]))),
    "intset": raw_rdb.record(11, b"k", raw_rdb.string(raw_rdb.intset([1, 2, -3], 2))),
    "zset ziplist": raw_rdb.record(12, b"k", raw_rdb.string(raw_rdb.ziplist([b"a", 5]))),
    "hash ziplist": raw_rdb.record(13, b"k", raw_rdb.string(raw_rdb.ziplist([b"a", 5]))),
    "quicklist": raw_rdb.record(14, b"k", raw_rdb.length(1)
                                + raw_rdb.string(raw_rdb.ziplist([b"a"]))),
    "stream": raw_rdb.record(15, b"k", _stream(15)),
    "hash listpack": raw_rdb.record(16, b"k", raw_rdb.string(raw_rdb.listpack([b"a", 5]))),
    "zset listpack": raw_rdb.record(17, b"k", raw_rdb.string(raw_rdb.listpack([b"a", 500]))),
    "quicklist 2": raw_rdb.record(18, b"k", raw_rdb.length(2) + b"\x02"
                                  + raw_rdb.string(raw_rdb.listpack([b"a", -70000]))
                                  + b"\x01" + raw_rdb.string(b"plain")),
    "stream 2": raw_rdb.record(19, b"k", _stream(19)),
    "set listpack": raw_rdb.record(20, b"k", raw_rdb.string(raw_rdb.listpack([b"a", 1 << 40]))),
    "stream 3": raw_rdb.record(21, b"k", _stream(21)),
    "hash rc": raw_rdb.record(22, b"k", raw_rdb.length(1) + raw_rdb.length(MS)
                              + raw_rdb.strings([b"f", b"v"])),
    "hash listpack rc": raw_rdb.record(23, b"k",
                                       raw_rdb.string(raw_rdb.listpack([b"f", b"v", MS]))),
    "hash metadata": raw_rdb.record(24, b"k", struct.pack("<Q", MS) + raw_rdb.length(1) + b"\x01"
                                    + raw_rdb.strings([b"f", b"v"])),
    "hash listpack ex": raw_rdb.record(25, b"k", struct.pack("<Q", MS)
                                       + raw_rdb.string(raw_rdb.listpack([b"f", b"v", MS]))),
}  # fmt: skip
REMARKS = {
    "aux": b"\xfa" + raw_rdb.strings([b"redis-ver", b"7.0.15"]),
    "function": b"\xf5" + raw_rdb.string(b"#!lua name=lib\n"),
    "module aux": b"\xf7" + MODULE[:9] + raw_rdb.length(2) + raw_rdb.length(1) + MODULE[9:],
}


def one(name: str, *, checksum: bool = True) -> bytes:
    """The file with just this record or remark."""
    if name in REMARKS:
        return raw_rdb.file(REMARKS[name], version=12, checksum=checksum)
    sizes = b"\xfb\x01\x00" + b"\xf4\x05\x01\x00"  # RESIZEDB, SLOT_INFO
    body = raw_rdb.database([sizes, RECORDS[name]])
    return raw_rdb.file(body, version=12, checksum=checksum)


ALL = raw_rdb.file(
    b"".join(REMARKS.values())
    + raw_rdb.database(record for name, record in RECORDS.items() if "stream" not in name)
    + raw_rdb.database((RECORDS["stream 3"],), 3),
    version=12,
)
