"""Every type and encoding, written by a server that writes it, or by hand and checked by one."""

import io
import struct

import pytest

from redis_dr.tasks.rdb import entries, take_inventory, value_of_dump, values
from tests.rdb.conftest import IMAGES, Servers, emptied, saved
from tests.support import raw_rdb
from tests.support.rdb_values import seen

R70, R80, V81 = IMAGES
EXPIRE_FIELD = ["HPEXPIREAT", "k", "4102444800000", "FIELDS", "1", "f"]
STREAM = [["XADD", "k", "1-1", "f", "v"], ["XGROUP", "CREATE", "k", "g", "0"]]
ALL = (R70, R80, V81)

# encoding as the inventory calls it; commands that bring it about; versions that write it
WRITTEN = [
    ("string raw", [["SET", "k", "word"]], ALL),
    ("string int", [["SET", "k", "-70000"]], ALL),
    ("string lzf", [["SET", "k", "word" * 50]], ALL),
    ("list quicklist 2", [["RPUSH", "k", "a", "b", "12"]], ALL),
    ("set plain", [["SADD", "k", "x" * 100]], ALL),
    ("set intset", [["SADD", "k", "1", "2", "-3"]], ALL),
    ("set listpack", [["SADD", "k", "a", "7"]], (R80, V81)),
    ("zset plain 2", [["ZADD", "k", "1.5", "m" * 100, "inf", "n"]], ALL),
    ("zset listpack", [["ZADD", "k", "1.5", "m", "7", "n"]], ALL),
    ("hash plain", [["HSET", "k", "f", "v" * 100]], ALL),
    ("hash listpack", [["HSET", "k", "f", "v", "n", "12"]], ALL),
    ("hash field expiry", [["HSET", "k", "f", "v" * 100, "g", "w"],
                           EXPIRE_FIELD], (R80,)),
    ("hash listpack field expiry", [["HSET", "k", "f", "v", "g", "w"],
                                    EXPIRE_FIELD], (R80,)),
    ("stream listpacks 2", [*STREAM], (R70,)),
    ("stream listpacks 3", [*STREAM], (R80, V81)),
    ("module 2", [["VADD", "k", "VALUES", "3", "1", "2", "3", "a"]], (R80,)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "commands", "writer"),
    [
        pytest.param(
            name, commands, version, marks=getattr(pytest.mark, version), id=f"{name}-{version}"
        )
        for name, commands, versions in WRITTEN
        for version in versions
    ],
)
def test_what_a_server_writes_is_recognised_and_read(
    any_server: Servers, encoding: str, commands: list[list[str]], writer: str
) -> None:
    """The server writes the encoding, and the value that is read is the value that it holds."""
    server = emptied(any_server(writer))
    client = server.client()
    for command in commands:
        client.execute_command(*command)

    data = saved(server)

    assert take_inventory(io.BytesIO(data)).encodings == {encoding: 1}
    [(_, _, _, value)] = values(data)
    if encoding != "module 2":  # nobody but the module knows what is inside
        assert value == seen(client, b"k")
    assert value == value_of_dump(client.dump("k"))


LONG = bytes(range(256)) * 80  # 20 KB: 32 bits of length in a packed value
MS = 4102444800000  # the year 2100
STREAM_1 = (
    raw_rdb.length(1)
    + raw_rdb.string(struct.pack(">QQ", 5, 0))
    # two entries, one of them deleted, with the master's fields; one with fields of its own
    + raw_rdb.string(
        raw_rdb.listpack(
            [2, 1, 1, b"f", 0, 2, 0, 0, b"v", 4, 3, 0, 1, b"gone", 4, 0, 1, 0, 1, b"g", b"w", 6]
        )
    )
    + raw_rdb.length(2)
    + raw_rdb.length(6) + raw_rdb.length(0)
    + raw_rdb.length(1)
    + raw_rdb.string(b"group") + raw_rdb.length(5) + raw_rdb.length(0)
    + raw_rdb.length(1) + struct.pack(">QQ", 5, 0)
    + struct.pack("<Q", 1700000000000) + raw_rdb.length(3)
    + raw_rdb.length(1)
    + raw_rdb.string(b"consumer") + struct.pack("<Q", 1700000000001)
    + raw_rdb.length(1) + struct.pack(">QQ", 5, 0)
)  # fmt: skip
# encoding as the inventory calls it; type byte; value; a server that still reads it
BY_HAND = [
    ("list plain", 1, raw_rdb.length(3) + raw_rdb.strings([b"a", b"", LONG]), R70),
    ("set plain", 2, raw_rdb.length(2) + raw_rdb.strings([b"a", LONG]), R70),
    ("zset plain", 3, raw_rdb.length(4) + raw_rdb.string(b"a") + b"\x041.25" + raw_rdb.string(b"b")
     + b"\xfe" + raw_rdb.string(b"c") + b"\xff" + raw_rdb.string(LONG) + b"\x02-7", R70),
    ("hash plain", 4, raw_rdb.length(1) + raw_rdb.strings([b"f", LONG]), R70),
    ("zset plain 2", 5, raw_rdb.length(1) + raw_rdb.string(b"a") + struct.pack("<d", -0.5), R70),
    ("hash zipmap", 9,
     raw_rdb.string(raw_rdb.zipmap({b"f": b"v", b"long": LONG, b"": b""}, 3)), R70),
    ("list ziplist", 10, raw_rdb.string(raw_rdb.ziplist(
        [0, 12, 13, -1, 127, -128, 300, -40000, 1 << 22, 1 << 30, -(1 << 62), b"", b"x" * 63,
         b"x" * 64, LONG, b"after"])), R70),
    ("set intset", 11, raw_rdb.string(raw_rdb.intset([1, -5, 300], 2)), R70),
    ("set intset", 11, raw_rdb.string(raw_rdb.intset([1, -5, 1 << 30], 4)), R70),
    ("set intset", 11, raw_rdb.string(raw_rdb.intset([1, -5, 1 << 60], 8)), R70),
    ("zset ziplist", 12, raw_rdb.string(raw_rdb.ziplist([b"a", 3, b"b", b"3.5", 7, b"inf"])), R70),
    ("hash ziplist", 13, raw_rdb.string(raw_rdb.ziplist([b"f", 3, 9, LONG])), R70),
    ("list quicklist", 14, raw_rdb.length(2) + raw_rdb.string(raw_rdb.ziplist([b"a", 5]))
     + raw_rdb.string(raw_rdb.ziplist([LONG])), R70),
    ("stream listpacks", 15, STREAM_1, R70),
    ("hash listpack", 16, raw_rdb.string(raw_rdb.listpack(
        [b"a", 0, b"b", 127, b"c", 128, b"d", -1, b"e", -4096, b"f", 4095, b"g", 4096,
         b"h", 1 << 20, b"i", 1 << 30, b"j", -(1 << 62), b"k", b"x" * 63, b"l", b"x" * 64,
         b"m", LONG])), R70),
    ("zset listpack", 17, raw_rdb.string(raw_rdb.listpack([b"a", 3, b"b", b"3.5"])), R70),
    ("list quicklist 2", 18, raw_rdb.length(2) + raw_rdb.length(2)
     + raw_rdb.string(raw_rdb.listpack([b"a", 5, b"x" * 16380, b"x" * 16378, b"x" * 16379]))
     + raw_rdb.length(1) + raw_rdb.string(LONG), R70),
    ("set listpack", 20, raw_rdb.string(raw_rdb.listpack([b"a", 5])), R80),
    ("hash field expiry rc", 22, raw_rdb.length(2) + raw_rdb.length(MS)
     + raw_rdb.strings([b"f", b"v"]) + raw_rdb.length(0) + raw_rdb.strings([b"g", b"w"]), R80),
    ("hash listpack field expiry rc", 23,
     raw_rdb.string(raw_rdb.listpack([b"f", b"v", MS, b"g", b"w", 0])), R80),
    ("hash field expiry", 24, struct.pack("<Q", MS) + raw_rdb.length(3) + raw_rdb.length(1)
     + raw_rdb.strings([b"f", b"v"]) + raw_rdb.length(0) + raw_rdb.strings([b"g", b"w"])
     + raw_rdb.length(501) + raw_rdb.strings([b"h", b"x"]), R80),
    ("hash listpack field expiry", 25, struct.pack("<Q", MS)
     + raw_rdb.string(raw_rdb.listpack([b"f", b"v", MS, b"g", b"w", 0])), R80),
]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "kind", "value", "judge"),
    [
        pytest.param(*row, marks=getattr(pytest.mark, row[3]), id=f"{row[0]}-{number}")
        for number, row in enumerate(BY_HAND)
    ],
)
def test_what_no_living_server_writes_is_read_as_a_living_one_reads_it(
    any_server: Servers, encoding: str, kind: int, value: bytes, judge: str
) -> None:
    """
    A value made by hand is restored into a server: what we read is what the server then says,
    and the digest of the old form is that of the server's own.
    """
    client = emptied(any_server(judge)).client()
    client.restore("k", 0, raw_rdb.dump(kind, value))

    data = raw_rdb.file(raw_rdb.database([raw_rdb.record(kind, b"k", value)]))

    assert take_inventory(io.BytesIO(data)).encodings == {encoding: 1}
    assert next(values(data))[3] == seen(client, b"k")
    [old] = entries(io.BytesIO(data))
    [new] = entries(io.BytesIO(saved(any_server(judge))))
    assert old == new
