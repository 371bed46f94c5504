"""Values too large to be held: read in windows, with the same digest and the same content."""

import io

import pytest

from redis_dr.tasks.model.errors import RdbError
from redis_dr.tasks.rdb import digest_of_dump, entries, values
from tests.rdb.conftest import emptied, saved
from tests.support import raw_rdb
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.slow  # seconds each: not in `make quick`

MB = 1 << 20
# sizes around every border: of headers, of the window, of what is held whole
ITEMS = [b"%d" % n if n % 3 else b"x" * (n % 5000) for n in range(2600)]
ITEMS += [b"y" * MB, b"", b"z" * (3 * MB), b"7", b"w" * 5 * MB, b"end"]


def packed(items: list[bytes]) -> list[bytes | int]:
    """Digits as integers, as Redis packs them."""
    return [int(item) if item.isdigit() and len(item) < 10 else item for item in items]


BLOBS = {
    "ziplist": (10, raw_rdb.ziplist(packed(ITEMS))),
    "listpack": (18, raw_rdb.listpack(packed(ITEMS))),
    "zipmap": (9, raw_rdb.zipmap({b"%d" % n: item for n, item in enumerate(ITEMS)}, free=3)),
    "intset": (11, raw_rdb.intset(range(-600_000, 100_000), 8)),
}


@pytest.mark.parametrize("name", BLOBS)
def test_a_packed_value_of_many_megabytes_is_read_whole(name: str) -> None:
    """Elements are the same when their value is read in windows, wherever a window ends."""
    kind, blob = BLOBS[name]
    assert len(blob) > 5 * MB
    prefix = b"\x01\x02" if name == "listpack" else b""
    record = raw_rdb.record(kind, b"k", prefix + raw_rdb.string(blob))

    [(_, _, _, value)] = values(raw_rdb.file(raw_rdb.database([record])))

    if name == "zipmap":
        assert list(value.fields.values()) == ITEMS  # type: ignore[union-attr] # a HashValue
    elif name == "intset":
        assert value == frozenset(b"%d" % n for n in range(-600_000, 100_000))
    else:
        assert value == ITEMS


@pytest.mark.parametrize("name", ["ziplist", "listpack"])
def test_a_packed_value_in_windows_has_the_digest_of_a_plain_one(name: str) -> None:
    """The same list as plain strings gives the same digest."""
    kind, blob = BLOBS[name]
    prefix = b"\x01\x02" if name == "listpack" else b""
    one = raw_rdb.record(kind, b"k", prefix + raw_rdb.string(blob))
    plain = raw_rdb.record(1, b"k", raw_rdb.length(len(ITEMS)) + raw_rdb.strings(ITEMS))

    found = [
        [each.digest for each in entries(io.BytesIO(raw_rdb.file(raw_rdb.database([record]))))]
        for record in (one, plain)
    ]

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ziplist", 0), ("ziplist", 4), ("ziplist", 8), ("ziplist", -1),
        ("listpack", 0), ("listpack", 4), ("listpack", -1), ("listpack", -2),
        ("zipmap", -1), ("intset", 0), ("intset", 4), ("intset", -1),
    ],
)  # fmt: skip
def test_a_large_packed_value_that_lies_is_refused(name: str, place: int) -> None:
    """A changed header, length or end mark of a value read in windows is noticed."""
    kind, blob = BLOBS[name]
    damaged = bytearray(blob)
    damaged[place] ^= 0x80
    prefix = b"\x01\x02" if name == "listpack" else b""
    record = raw_rdb.record(kind, b"k", prefix + raw_rdb.string(bytes(damaged)))

    with pytest.raises(RdbError, match=rf"{name}|element"):
        list(entries(io.BytesIO(raw_rdb.file(raw_rdb.database([record])))))


@pytest.mark.parametrize("size", [0, 1, 62, 63, 64, 251, 252, 253, 300, 20_000, 2 * MB])
def test_a_ziplist_element_that_misstates_the_one_before_is_refused(size: int) -> None:
    """The length of the element before, in one byte or in five, is compared with what was read."""
    items = [b"x" * size, b"last"]
    blob = raw_rdb.ziplist(items)
    last = blob.index(b"\x04last")
    assert _list(blob) == items

    for place in range(last - (1 if blob[last - 1] < 254 and blob[last - 5] != 254 else 4), last):
        damaged = bytearray(blob)
        damaged[place] ^= 1
        with pytest.raises(RdbError, match=r"is taken for one of|element"):
            _list(bytes(damaged))


def _list(ziplist: bytes) -> list[bytes]:
    record = raw_rdb.record(10, b"k", raw_rdb.string(ziplist))
    [(_, _, _, value)] = values(raw_rdb.file(raw_rdb.database([record])))
    assert isinstance(value, list)
    return value


LARGE = b"L" * (5 * MB)
TOGETHER = {
    "string": (0, lambda part: raw_rdb.string(LARGE + part)),
    "list": (1, lambda part: raw_rdb.length(2) + raw_rdb.strings([LARGE, part])),
    "set": (2, lambda part: raw_rdb.length(2) + raw_rdb.strings([LARGE, part])),
    "set member": (2, lambda part: raw_rdb.length(1) + raw_rdb.string(LARGE + part)),
    "score": (5, lambda part: raw_rdb.length(1) + raw_rdb.string(LARGE) + part * 8),
    "hash value": (4, lambda part: raw_rdb.length(1) + raw_rdb.strings([b"f", LARGE + part])),
    "hash field": (4, lambda part: raw_rdb.length(1) + raw_rdb.strings([LARGE + part, b"v"])),
    "beside a large field": (4, lambda part: raw_rdb.length(1) + raw_rdb.strings([LARGE, part])),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_every_part_of_a_large_value_counts(name: str) -> None:
    """A change in or beside what is too large to be held changes the digest."""
    kind, make = TOGETHER[name]

    found = {
        entry.digest
        for part in (b"1", b"2")
        for entry in entries(
            io.BytesIO(raw_rdb.file(raw_rdb.database([raw_rdb.record(kind, b"k", make(part))])))
        )
    }

    assert len(found) == 2


def test_a_compressed_value_of_many_megabytes(server: RedisServer) -> None:
    """What a server compressed is unpacked in windows: the digest is that of the plain file."""
    client = emptied(server).client()
    client.set(
        "k", b"".join(b"line %d of a text that repeats itself\n" % n for n in range(300_000))
    )
    client.rpush("list", *[b"x" * (n * 1000) for n in range(1, 1500, 100)])
    before = {entry.key: entry.digest for entry in entries(io.BytesIO(saved(server)))}

    client.config_set("rdbcompression", "no")
    after = {entry.key: entry.digest for entry in entries(io.BytesIO(saved(server)))}
    client.config_set("rdbcompression", "yes")

    assert after == before == {key: digest_of_dump(key, client.dump(key), None) for key in before}
