"""Values that Redis reads in its own way, or refuses: the reader does the same, or names them."""

import io
import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redis_dr.tasks.model.errors import RdbError, UnknownRdb
from redis_dr.tasks.rdb import entries, take_inventory, values
from redis_dr.tasks.rdb.value.score import text_score
from tests.rdb.conftest import emptied
from tests.support import raw_rdb
from tests.support.redis_server import RedisServer

SCORES = {
    b"1.5": 1.5,
    b"-2.5e1": -25.0,
    b"1e+20": 1e20,
    b".5": 0.5,
    b"5.": 5.0,
    b"-0": 0.0,
    b"inf": math.inf,
    b"-inf": -math.inf,
    b"17976931348623157e292": 1.7976931348623157e308,
    b"5e-324": 5e-324,
}
# servers read these in different ways, or as 0, and write none of them
ODD_SCORES = [b"1_5", b" 1", b"1 ", b"\t2", b"+1", b"0x1p4", b"0X.8", b"Infinity", b"nan", b"1e",
              b"1e5x", b"_1", b"", b"word", b"1e999", b"1" * 128]  # fmt: skip


def file(*records: bytes) -> bytes:
    """A file with these records in database 0."""
    return raw_rdb.file(raw_rdb.database(records), version=12)


def members(kind: int, *texts: bytes) -> bytes:
    """A value that is a plain table: a number of elements, then strings."""
    width = 2 if kind == 4 else 1
    return raw_rdb.record(kind, b"k", raw_rdb.length(len(texts) // width) + raw_rdb.strings(texts))


@pytest.mark.parametrize("text", SCORES)
def test_a_score_is_read_as_redis_reads_it(text: bytes) -> None:
    """The digest is that of the same score as a double."""
    assert text_score(text) == SCORES[text]

    data = file(raw_rdb.record(17, b"k", raw_rdb.string(raw_rdb.listpack([b"m", text]))))
    number = file(raw_rdb.record(5, b"k", b"\x01\x01m" + struct.pack("<d", SCORES[text])))
    digests = [next(entries(io.BytesIO(each))).digest for each in (data, number)]
    assert digests[0] == digests[1]
    assert next(values(data))[3] == {b"m": SCORES[text]}


@pytest.mark.parametrize("text", ODD_SCORES)
def test_a_score_that_servers_read_in_different_ways_is_not_guessed(text: bytes) -> None:
    """1_5 was taken for 15. In a listpack it is unknown, in the oldest form it is damage."""
    packed = raw_rdb.string(raw_rdb.listpack([b"m", text]))
    with pytest.raises(UnknownRdb, match="which servers read in different ways"):
        take_inventory(io.BytesIO(file(raw_rdb.record(17, b"k", packed))))

    value = b"\x01\x01m" + bytes((len(text),)) + text
    with pytest.raises(RdbError, match="a score is not a number"):
        take_inventory(io.BytesIO(file(raw_rdb.record(3, b"k", value))))


def test_a_real_server_reads_the_same_score(server: RedisServer) -> None:
    """The table above is what Redis and Valkey answer for a restored listpack."""
    client = emptied(server).client()
    for text, score in SCORES.items():
        value = raw_rdb.string(raw_rdb.listpack([b"m", text]))
        client.restore("k", 0, raw_rdb.dump(17, value), replace=True)
        assert client.zscore("k", "m") == score, text


@given(st.floats(allow_nan=False))
@example(5e-324)
@example(-0.0)
def test_what_a_server_writes_is_read_back(score: float) -> None:
    """Every double, written with 17 digits, is the same double in either form."""
    text = b"%.17g" % score

    assert text_score(text) == score


EMPTY = {
    "list": raw_rdb.record(1, b"k", b"\0"),
    "set": raw_rdb.record(2, b"k", b"\0"),
    "zset": raw_rdb.record(3, b"k", b"\0"),
    "hash": raw_rdb.record(4, b"k", b"\0"),
    "zset 2": raw_rdb.record(5, b"k", b"\0"),
    "zipmap": raw_rdb.record(9, b"k", raw_rdb.string(raw_rdb.zipmap({}))),
    "ziplist": raw_rdb.record(10, b"k", raw_rdb.string(raw_rdb.ziplist([]))),
    "intset": raw_rdb.record(11, b"k", raw_rdb.string(raw_rdb.intset([], 2))),
    "zset ziplist": raw_rdb.record(12, b"k", raw_rdb.string(raw_rdb.ziplist([]))),
    "hash ziplist": raw_rdb.record(13, b"k", raw_rdb.string(raw_rdb.ziplist([]))),
    "quicklist": raw_rdb.record(14, b"k", b"\0"),
    "quicklist of an empty node": raw_rdb.record(
        14, b"k", b"\x01" + raw_rdb.string(raw_rdb.ziplist([]))
    ),
    "hash listpack": raw_rdb.record(16, b"k", raw_rdb.string(raw_rdb.listpack([]))),
    "zset listpack": raw_rdb.record(17, b"k", raw_rdb.string(raw_rdb.listpack([]))),
    "quicklist 2": raw_rdb.record(18, b"k", b"\x01\x02" + raw_rdb.string(raw_rdb.listpack([]))),
    "set listpack": raw_rdb.record(20, b"k", raw_rdb.string(raw_rdb.listpack([]))),
    "hash metadata": raw_rdb.record(24, b"k", bytes(8) + b"\0"),
    "hash listpack ex": raw_rdb.record(25, b"k", bytes(8) + raw_rdb.string(raw_rdb.listpack([]))),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_value_is_refused(name: str) -> None:
    """Redis drops such a key at a load, so the counts could never agree."""
    with pytest.raises(RdbError, match="a value without elements"):
        take_inventory(io.BytesIO(file(EMPTY[name])))


TWICE = {
    "set": members(2, b"a", b"b", b"a"),
    "hash": members(4, b"a", b"1" * 100, b"b", b"2", b"a", b"3"),
    "zset": raw_rdb.record(3, b"k", b"\x02" + b"\x01a\x011" * 2),
    "zset 2": raw_rdb.record(5, b"k", b"\x02" + (b"\x01a" + bytes(8)) * 2),
    "zipmap": raw_rdb.record(9, b"k", raw_rdb.string(b"\x02" + b"\x01a\x01\x00b" * 2 + b"\xff")),
    "zset ziplist": raw_rdb.record(12, b"k", raw_rdb.string(raw_rdb.ziplist([b"a", 1, b"a", 2]))),
    "hash ziplist": raw_rdb.record(13, b"k", raw_rdb.string(raw_rdb.ziplist([b"a", 1, b"a", 2]))),
    "hash metadata": raw_rdb.record(24, b"k", bytes(8) + b"\x02" + b"\x00\x01a\x01b" * 2),
}


@pytest.mark.parametrize("name", TWICE)
def test_an_element_that_stands_twice_is_refused_by_name(name: str) -> None:
    """Redis refuses to load the file; whoever reads it here learns which element."""
    with pytest.raises(RdbError, match="b'a' stands twice"):
        take_inventory(io.BytesIO(file(TWICE[name])))


@pytest.mark.parametrize("name", [name for name in TWICE if name != "hash metadata"])
def test_a_real_server_refuses_it_too(server: RedisServer, name: str) -> None:
    """The same bytes given to RESTORE; a small hash would be loaded with both fields."""
    client = emptied(server).client()
    record = TWICE[name]

    with pytest.raises(Exception, match="Bad data format"):
        client.restore("k", 0, raw_rdb.dump(record[0], record[3:]))
