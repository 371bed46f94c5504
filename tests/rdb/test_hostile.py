"""Files that are broken, cut off, or made to hurt: a typed error that says where, and soon."""

import io
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.errors import RdbError, UnknownRdb
from redis_dr.tasks.rdb import InventoryOptions, SplicePlan, splice, take_inventory
from tests.support import raw_rdb
from tests.support.rdb_small_files import ALL, MODULE, RECORDS, REMARKS, one

EACH = [*RECORDS, *REMARKS]
WHERE = re.compile(r"at byte (\d+) \(0x[0-9a-f]+\), (database \d+|before the first database)")
DIGEST = InventoryOptions()
NO_DIGEST = InventoryOptions(digest=False)


def refuse(data: bytes, options: InventoryOptions = DIGEST) -> RdbError:
    """The typed error of reading `data`; its place lies inside the file or at its end."""
    with pytest.raises(RdbError) as caught:
        take_inventory(io.BytesIO(data), options)
    found = WHERE.search(caught.value.problem)
    assert found is not None, caught.value.problem
    assert 0 <= int(found[1]) <= len(data)
    return caught.value


def survive(data: bytes) -> bool:
    """Read with and without digests: an inventory or a typed error, nothing else."""
    for options in (DIGEST, NO_DIGEST):
        problem = _problem(data, options)
        if problem is not None:
            assert WHERE.search(problem), problem
            return False
    return True


def _problem(data: bytes, options: InventoryOptions) -> str | None:
    try:
        take_inventory(io.BytesIO(data), options)
    except RdbError as error:
        return error.problem
    return None


@pytest.mark.parametrize("name", EACH)
def test_a_small_file_of_each_kind_is_sound(name: str) -> None:
    """The files that the other tests damage can be read, by both paths."""
    assert survive(one(name))
    assert survive(one(name, checksum=False))


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("options", [DIGEST, NO_DIGEST], ids=["digest", "skip"])
def test_a_file_cut_at_any_byte_is_refused(name: str, options: InventoryOptions) -> None:
    """However short the rest, the error names the place."""
    data = one(name)

    for size in range(len(data)):
        refuse(data[:size], options)


def test_a_file_of_everything_cut_at_any_byte_is_refused() -> None:
    """The same with all types in one file."""
    for size in range(len(ALL)):
        refuse(ALL[:size])


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_any_changed_byte_is_noticed(name: str) -> None:
    """Every byte of the file set to every other value: the checksum or the format refuses it."""
    data = bytearray(one(name))
    assert len(data) < 700
    values = (
        range(256)
        if len(data) < 90
        else (0, 1, 0x3F, 0x40, 0x7F, 0x80, 0x81, 0xC3, 0xF4, 0xFE, 0xFF)
    )
    for place, before in enumerate(data):
        for value in values:
            if value != before:
                data[place] = value
                refuse(bytes(data))
        data[place] = before


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_a_changed_byte_without_checksum_never_breaks_the_reader(name: str) -> None:
    """Saved with rdbchecksum no, a change may go unseen; it never gives another kind of failure."""
    data = bytearray(one(name, checksum=False))
    for place, before in enumerate(data):
        for value in (*(before ^ 1 << bit for bit in range(8)), 0, 0x80, 0x81, 0xC3, 0xFF):
            data[place] = value
            survive(bytes(data))
        data[place] = before


@settings(max_examples=300, deadline=1000)
@given(st.binary(max_size=300), st.integers(1, 13))
def test_no_bytes_break_the_reader(body: bytes, version: int) -> None:
    """Anything behind a signature, with a right checksum: an inventory or a typed error."""
    survive(raw_rdb.file(body, version=version))
    survive(raw_rdb.file(b"\xfe\x00" + body, version=version))


@settings(max_examples=300, deadline=1000)
@given(
    st.sampled_from([9, 10, 11, 12, 13, 16, 17, 20, 23]),
    st.one_of(
        st.binary(max_size=80),
        st.lists(st.integers(-300, 300) | st.binary(max_size=5)).map(raw_rdb.listpack),
        st.lists(st.integers(-300, 300) | st.binary(max_size=5)).map(raw_rdb.ziplist),
    ),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
)
def test_packed_values_that_lie_are_refused_or_read(
    kind: int, blob: bytes, changes: list[tuple[int, int]]
) -> None:
    """Packed values with bytes changed and a right checksum around: nothing but a typed error."""
    packed = bytearray(blob)
    for place, value in changes:
        if packed:
            packed[place % len(packed)] = value
    record = raw_rdb.record(kind, b"k", raw_rdb.string(bytes(packed)))
    survive(raw_rdb.file(raw_rdb.database([record]), version=12))


HUGE = b"\x81" + (1 << 60).to_bytes(8, "big")
AFTER_KEY = {
    "string": (0, HUGE),
    "list": (1, HUGE),
    "set": (2, HUGE),
    "hash": (4, HUGE),
    "zset": (5, HUGE),
    "module string": (7, MODULE[:9] + b"\x05" + HUGE),
    "packed": (16, HUGE),
    "quicklist": (18, HUGE),
    "quicklist node": (18, b"\x01\x02" + HUGE),
    "stream": (21, HUGE),
    "stream node": (21, b"\x01" + raw_rdb.string(bytes(16)) + HUGE),
    "hash metadata": (24, bytes(8) + HUGE),
    "lzf, compressed": (0, b"\xc3" + HUGE + HUGE),
    "lzf, plain": (0, b"\xc3\x05" + HUGE + b"\0" * 5),
}


@pytest.mark.parametrize("name", AFTER_KEY)
@pytest.mark.parametrize("options", [DIGEST, NO_DIGEST], ids=["digest", "skip"])
def test_a_length_of_2_to_the_60_is_refused_at_once(name: str, options: InventoryOptions) -> None:
    """Neither memory nor time follows a length that the file does not have."""
    kind, value = AFTER_KEY[name]
    data = raw_rdb.file(raw_rdb.database([raw_rdb.record(kind, b"k", value + b"\x01a" * 50)]), 12)

    begin = time.process_time()
    refuse(data, options)

    assert time.process_time() - begin < 1


@pytest.mark.parametrize("before", [b"\x00", b"\xfa", b"\xf5"], ids=["key", "aux", "function"])
def test_a_name_of_2_to_the_60_bytes_is_refused(before: bytes) -> None:
    """Keys, AUX and functions are held whole, so their length is limited before it is believed."""
    assert isinstance(refuse(raw_rdb.file(b"\xfe\x00" + before + HUGE, 12)), UnknownRdb)


def test_an_lzf_bomb_is_refused_by_its_header() -> None:
    """More than 88 times the compressed length cannot be; nothing is unpacked to find out."""
    bomb = b"\xc3" + raw_rdb.length(10) + raw_rdb.length(10**9) + b"\xe0\xff\x00" * 4
    error = refuse(raw_rdb.file(raw_rdb.database([raw_rdb.record(0, b"k", bomb)])))

    assert "10 bytes of LZF cannot hold 1000000000" in error.problem


@pytest.mark.parametrize(
    ("lzf", "plain"),
    [
        (b"\x20\x00", 3),
        (b"\x00a\xe0", 30),
        (b"\x00a\x20\x00", 3),
        (b"\x05abc", 6),
        (b"\x00a\x20\x00", 5),
    ],
    ids=["points before the beginning", "cut", "too long", "short run", "too short"],
)
def test_lzf_that_does_not_unpack_is_refused(lzf: bytes, plain: int) -> None:
    """What is inside a compressed string is checked when it is unpacked."""
    value = b"\xc3" + raw_rdb.length(len(lzf)) + raw_rdb.length(plain) + lzf
    error = refuse(raw_rdb.file(raw_rdb.database([raw_rdb.record(0, b"k", value)])))

    assert "LZF" in error.problem


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (raw_rdb.database([raw_rdb.record(6, b"k", b"")]), "module format 1"),
        (raw_rdb.database([raw_rdb.record(8, b"k", b"")]), "value type 8"),
        (raw_rdb.database([raw_rdb.record(26, b"k", b"")]), "value type 26"),
        (raw_rdb.database([raw_rdb.record(33, b"k", b"")]), "value type 33"),
        (b"\xf3\x01", "opcode 243"),
        (b"\xf6\x01", "opcode 246"),
        (raw_rdb.database([raw_rdb.record(7, b"k", MODULE[:9] + b"\x06")]), "module opcode 6"),
        (raw_rdb.database([raw_rdb.record(0, b"k", b"\xc4")]), "string encoding 4"),
    ],
    ids=str,
)
def test_what_is_not_known_is_said_so(body: bytes, what: str) -> None:
    """An unknown type, opcode or encoding is no damage: the error names it and its place."""
    error = refuse(raw_rdb.file(body, version=13))

    assert isinstance(error, UnknownRdb)
    assert what in error.problem


@pytest.mark.parametrize("version", [14, 80, 9999])
def test_a_newer_format_is_said_to_be_unknown(version: int) -> None:
    """Valkey 9 counts from 80; nothing above 13 is guessed at."""
    error = refuse(raw_rdb.file(b"", version=version))

    assert isinstance(error, UnknownRdb)
    assert f"version {version}" in error.problem


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "the file ends here"),
        (b"REDIX0011\xff", "is not an RDB signature"),
        (b"REDIS00x1\xff", "is not an RDB signature"),
        (b"REDIS0000\xff", "version 0"),
        (raw_rdb.file(b"") + b"\0", "bytes follow"),
        (raw_rdb.file(b"", checksum=False) + b"\0", "bytes follow"),
        (raw_rdb.file(b"")[:-1] + b"\x01", "checksum"),
        (raw_rdb.file(raw_rdb.record(0, b"k", raw_rdb.string(b"v"))), "before any SELECTDB"),
    ],
    ids=range(8),
)
def test_a_file_with_a_wrong_frame_is_refused(data: bytes, what: str) -> None:
    """Signature, version, order, checksum and end are all looked at."""
    assert what in refuse(data).problem


def test_a_million_databases_do_not_fill_the_memory() -> None:
    """A file of nothing but SELECTDB is refused before its counts grow large."""
    body = b"".join(b"\xfe" + raw_rdb.length(number) for number in range(100_000))

    assert "more than 20000 databases" in refuse(raw_rdb.file(body)).problem


@pytest.mark.parametrize("name", [name for name in EACH if name not in {"string int", "int key"}])
def test_a_splice_refuses_what_the_reader_refuses(name: str) -> None:
    """A file that is cut off anywhere makes no spliced file: nothing is written."""
    data = one(name)
    for size in range(0, len(data), 7):
        target = io.BytesIO()
        with pytest.raises(RdbError):
            splice(io.BytesIO(data[:size]), target, SplicePlan())
        assert target.getvalue() == b""


@pytest.mark.parametrize(
    ("names", "entries"), [(4 << 20, 400_000), (4000, 20_000)], ids=["one long name", "repeated"]
)
def test_no_stream_takes_more_time_than_its_size_explains(names: int, entries: int) -> None:
    """Entries that repeat the names of their node: 8 MB took minutes. Redis writes none such."""
    entry = bytes.fromhex("0201000100018100020401")  # same fields, ids, "", 4 parts
    head = bytes.fromhex("f2") + entries.to_bytes(3, "little") + b"\x04" + bytes.fromhex("00010101")
    name = b"\xf0" + names.to_bytes(4, "little") + bytes(names)
    size = names + 5
    width = 4 if size >= 2097151 else 3 if size >= 16383 else 2
    back = [size >> 7 * place & 127 | 128 for place in range(width - 1, -1, -1)]
    back[0] &= 127
    body = head + name + bytes(back) + bytes.fromhex("0001") + entry * entries
    pack = (7 + len(body)).to_bytes(4, "little") + b"\xff\xff" + body + b"\xff"
    value = b"\x01" + raw_rdb.string(bytes(16)) + raw_rdb.string(pack) + bytes(7)
    data = raw_rdb.file(raw_rdb.database([raw_rdb.record(15, b"k", value)]), 9)
    begin = time.process_time()

    with pytest.raises(UnknownRdb, match="too many entries repeat"):
        take_inventory(io.BytesIO(data))

    assert time.process_time() - begin < 10
