"""Files that are almost sound, for the compiled core and the Python reader: the same of both."""

import io
import random
import struct
from collections.abc import Iterator
from unittest.mock import patch

from redis_dr.tasks.model.errors import RdbError
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import InventoryOptions, entries, take_inventory
from redis_dr.tasks.rdb.compiled import core
from tests.support import raw_rdb
from tests.support.rdb_small_files import MS, RECORDS

RULES = tuple(KeyRule(pattern=pattern) for pattern in ("k{x}", "{a}:{b}k", "k"))
_LONG = b"v" * 200


def squeezed(plain: bytes) -> bytes:
    """A compressed string: runs of one byte as references, the rest as it is."""
    out, at, fresh = bytearray(), 0, bytearray()
    while at <= len(plain):
        run = 0
        while at and run < 264 and plain[at + run : at + run + 1] == plain[at - 1 : at]:
            run += 1
        if run > 2 or at == len(plain):
            out += b"".join(
                bytes((len(fresh[i : i + 32]) - 1,)) + fresh[i : i + 32]
                for i in range(0, len(fresh), 32)
            )
            fresh.clear()
        if run > 2:
            out += bytes(((run - 2) << 5, 0)) if run < 9 else bytes((0xE0, run - 9, 0))
            at += run
        else:
            fresh += plain[at : at + 1]
            at += 1
    return b"\xc3" + raw_rdb.length(len(out)) + raw_rdb.length(len(plain)) + bytes(out)


_NODE = raw_rdb.listpack(
    [
        *(2, 1, 2, b"f", b"g", 0),  # two entries, one deleted, two names
        *(2, 0, 0, b"v", 7, 5, 3, 1, 0, b"x", b"y", 5),
        *(0, 2, 1, 2, b"n", 5, b"m", _LONG, 8),
    ]
)
MORE = {
    "many lengths": raw_rdb.record(
        16, b"k" * 70, raw_rdb.string(raw_rdb.listpack([b"a" * 64, _LONG * 30, -4000, 1 << 40]))
    ),
    "scores": raw_rdb.record(
        17,
        b"k:1:k",
        raw_rdb.string(
            raw_rdb.listpack([b"a", b"1.5", b"b", b"-0.25", b"c", -3, b"d", b"1e300", b"e", b"inf"])
        ),
    ),
    "lzf listpack": raw_rdb.record(
        20, b"k", squeezed(raw_rdb.listpack([b"a" * 300, b"b"]))
    ),
    "intset of 64 bits": raw_rdb.record(11, b"k", raw_rdb.string(raw_rdb.intset([-1, 1 << 40], 8))),
    "set of every string": raw_rdb.record(
        2, b"\xc0\x05"[:1], b"\x04\xc0\x07\xc1\x00\x80\xc2\x01\x02\x03\x04"
        + raw_rdb.lzf_string(b"abcdefgh" * 40)
    ),
    "table": raw_rdb.record(4, b"k", b"\x02" + raw_rdb.strings([b"a", b"1", b"", _LONG])),
    "stream": raw_rdb.record(
        19,
        b"k",
        b"\x01" + raw_rdb.string(struct.pack(">QQ", 5, 1)) + raw_rdb.string(_NODE)
        + b"\x02\x05\x00\x00\x00\x00\x00\x03\x00",
    ),
    "with heat": b"\xf8\x41\x00\xfc" + struct.pack("<q", MS) + RECORDS["string"],
}  # fmt: skip
SEEDS = [*RECORDS.values(), *MORE.values()]

Read = tuple[object, object]


def read(data: bytes, *, digest: bool, alive_at_ms: int | None) -> Read:
    """What an inventory and the single keys say, or the words of the error."""
    options = InventoryOptions(
        rules=RULES, taken_at_ms=7, digest=digest, alive_at_ms=alive_at_ms, largest=3, hottest=2
    )
    return (
        _outcome(lambda: take_inventory(io.BytesIO(data), options).model_dump_json()),
        _outcome(lambda: [(e, e.size) for e in entries(io.BytesIO(data), alive_at_ms)]),
    )


def read_by_python(data: bytes, *, digest: bool, alive_at_ms: int | None) -> Read:
    """The same without the core."""
    with (
        patch("redis_dr.tasks.rdb.scan.scan.core", None),
        patch("redis_dr.tasks.rdb.inventory.tally.core", None),
    ):
        return read(data, digest=digest, alive_at_ms=alive_at_ms)


def compare(data: bytes) -> None:
    """Both say the same, in every way to ask."""
    for digest, alive in ((True, None), (True, MS), (False, 9)):
        there = read(data, digest=digest, alive_at_ms=alive)
        assert there == read_by_python(data, digest=digest, alive_at_ms=alive), data.hex()


def _outcome(ask: object) -> object:
    try:
        return ask()  # type: ignore[operator] # one of the two lambdas above
    except RdbError as error:
        return type(error), str(error)


def mutated(dice: random.Random) -> Iterator[bytes]:
    """Bodies of a database, without end: sound records, some of their bytes changed."""
    while True:
        body = bytearray(b"".join(dice.choices(SEEDS, k=dice.randint(1, 4))))
        for _ in range(dice.choice((0, 1, 1, 2, 4))):
            place = dice.randrange(len(body))
            match dice.randrange(5):
                case 0:
                    body[place] = dice.choice((0, 1, 0x3F, 0x40, 0x7F, 0x80, 0x81, 0xC3, 0xFF))
                case 1:
                    body[place] ^= 1 << dice.randrange(8)
                case 2:
                    del body[place : place + dice.randint(1, 3)]
                case 3:
                    body[place:place] = dice.randbytes(dice.randint(1, 3))
                case _:
                    body[place : place + 1] = dice.choice(SEEDS)[: dice.randint(1, 40)]
            body = body or bytearray(b"\0")
        yield bytes(body)


def bare(body: bytes) -> None:
    """The core alone over exactly these bytes: nothing but an answer."""
    assert core is not None
    for digests in (None, list[bytes]()):
        core.scan(body, 0, 9, [], digests, 1024)
    for digest in (False, True):
        tally = core.Tally(((b"k", b""), (b"", b":", b"k"), (b"",)), digest, 5, MS)
        tally.feed(body, 0, 9, 10, -5)
        tally.totals()
    core.unpack(body, min(88 * len(body), 1 << 16))
