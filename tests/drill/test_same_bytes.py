"""Equal bytes prove equal content: the quick way of a comparison, held against the digests."""

import io
import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.drill.compare import Named, compare_files
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.errors import RdbError
from redis_dr.tasks.rdb import InventoryOptions, take_forms, take_inventory
from tests.support import raw_rdb
from tests.support.drill_case import fill
from tests.support.rdb_small_files import MS, RECORDS
from tests.support.redis_server import RedisServer

MB = 2**20
# every type and every way to write it; some are the same value written in two ways
_VALUES = st.sampled_from(sorted(RECORDS.values()))
_PREFIXES = st.sampled_from([b"", b"\xf8\x05", b"\xf9\x07"])  # idle, frequency: no content
_EXPIRIES = st.sampled_from([b"", b"\xfc" + struct.pack("<q", MS), b"\xfc" + bytes(8)])
_STRINGS = st.builds(
    raw_rdb.record, st.just(0), st.sampled_from([b"k", b"\xff"]), st.sampled_from([b"\0", b"\1a"])
)
_SETS = st.permutations([b"a", b"bc", b"7"]).map(
    lambda members: raw_rdb.record(2, b"k", raw_rdb.length(3) + raw_rdb.strings(members))
)
_RECORDS = st.tuples(_EXPIRIES, _PREFIXES, st.one_of(_VALUES, _STRINGS, _SETS))
_FILES = st.dictionaries(st.integers(0, 2), st.lists(_RECORDS, max_size=5), max_size=2)
Records = dict[int, list[tuple[bytes, bytes, bytes]]]


def _file(databases: Records) -> bytes:
    sections = (
        raw_rdb.database([b"".join(record) for record in records], number)
        for number, records in databases.items()
    )
    return raw_rdb.file(b"".join(sections), version=12)


def _forms(data: bytes, moment: int = 0, names: Named = frozenset()) -> Inventory:
    return take_forms(io.BytesIO(data), io.BytesIO(data), moment, names)


def _content(data: bytes, moment: int = 0) -> Inventory:
    options = InventoryOptions(alive_at_ms=moment, largest=0, hottest=0)
    return take_inventory(io.BytesIO(data), options)


def _alive(inventory: Inventory) -> dict[int, int | None]:
    return {db: one.alive for db, one in inventory.databases.items()}


def _sums(inventory: Inventory) -> dict[int, tuple[int | None, str]]:
    """Of the databases in which anything lives."""
    each = inventory.databases.items()
    return {db: (one.alive, one.digest or "") for db, one in each if one.alive}


@settings(max_examples=400, deadline=None)
@given(
    first=_FILES,
    second=_FILES,
    moment=st.sampled_from([0, MS - 1, MS, MS + 1]),
    names=st.frozensets(st.sampled_from([(0, b"k"), (1, b"k"), (0, b"\xff")])),
)
def test_unequal_content_never_has_equal_sums_of_bytes(
    first: Records, second: Records, moment: int, names: Named
) -> None:
    """Any two files: the same keys live; and when the bytes agree, their content does as well."""
    one, other = _file(first), _file(second)

    assert _alive(_forms(one, moment, names)) == _alive(_content(one, moment))
    if _sums(_forms(one, moment, names)) == _sums(_forms(other, moment, names)):
        assert _sums(_content(one, moment)) == _sums(_content(other, moment))


@settings(max_examples=400, deadline=None)
@given(databases=_FILES, data=st.data())
def test_one_changed_byte_is_never_lost(databases: Records, data: st.DataObject) -> None:
    """A record altered anywhere that is still readable: other bytes unless the content is equal."""
    whole = _file(databases)[:-8]
    at = data.draw(st.integers(9, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        content = _content(bytes(changed) + bytes(8))
    except RdbError:
        return  # damaged: no comparison gets that far

    if _sums(content) != _sums(_content(whole + bytes(8))):
        assert _sums(_forms(bytes(changed) + bytes(8))) != _sums(_forms(whole + bytes(8)))


@settings(max_examples=200, deadline=None)
@given(databases=_FILES, data=st.data())
def test_order_and_use_are_no_difference(databases: Records, data: st.DataObject) -> None:
    """The same records in another order, with another memory of their use: the same sums."""
    shuffled = {
        number: [
            (expiry, data.draw(_PREFIXES), record)
            for expiry, _, record in data.draw(st.permutations(records))
        ]
        for number, records in databases.items()
    }

    assert _sums(_forms(_file(shuffled))) == _sums(_forms(_file(databases)))


def test_a_key_known_to_be_written_in_another_way_is_told_by_its_content() -> None:
    """A list that a requeue made, and the same as a server writes it; the neighbours by bytes."""
    other = raw_rdb.record(0, b"other", raw_rdb.string(b"value"))
    plain = raw_rdb.record(1, b"k", raw_rdb.length(2) + raw_rdb.strings([b"a", b"bc"]))
    packed = raw_rdb.string(raw_rdb.listpack([b"a", b"bc"]))
    quick = raw_rdb.record(18, b"k", b"\1\2" + packed)
    ours, theirs = (_file({0: [(b"", b"", one), (b"", b"", other)]}) for one in (plain, quick))

    assert _sums(_forms(ours)) != _sums(_forms(theirs))
    names = frozenset({(0, b"k")})
    assert _sums(_forms(ours, 0, names)) == _sums(_forms(theirs, 0, names))
    elsewhere = frozenset({(1, b"k")})
    assert _sums(_forms(ours, 0, elsewhere)) != _sums(_forms(theirs, 0, elsewhere))


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_millisecond_of_an_expiry_shows(name: str) -> None:
    """Whatever the type: the same record that lives a millisecond longer is another one."""
    kinds = [
        _forms(_file({0: [(b"\xfc" + struct.pack("<q", moment), b"", _bare(RECORDS[name]))]}))
        for moment in (MS, MS + 1)
    ]

    assert _sums(kinds[0]) != _sums(kinds[1])


def _bare(record: bytes) -> bytes:
    """Without the expiry and use that some of them have in front."""
    while record[0] >= 248:
        record = record[{252: 9, 253: 5}.get(record[0], 2) :]
    return record


# a string in every way that a file may hold it: plain with each length, as an integer, compressed
_TEXTS = st.one_of(
    st.sampled_from([0, 1, 63, 64, 300, 16_383, 16_384]).map(lambda n: raw_rdb.string(b"t" * n)),
    st.sampled_from([b"\xc0\x05", b"\xc1\x10\x20", b"\xc2\x01\x02\x03\x04"]),
    st.integers(40, 20_000).map(lambda n: raw_rdb.lzf_string((b"abcdefgh" * 2500)[:n])),
    st.binary(max_size=3).map(raw_rdb.string),
)


@settings(max_examples=200, deadline=None)
@given(
    key=_TEXTS,
    elements=st.lists(_TEXTS, min_size=2, max_size=90, unique=True),
    kind=st.sampled_from([2, 4]),
    data=st.data(),
)
def test_a_table_is_its_elements_in_any_order_and_nothing_less(
    key: bytes, elements: list[bytes], kind: int, data: st.DataObject
) -> None:
    """Fields or members shuffled: the same sums; one lost, or two values exchanged: others."""
    pairs = [
        elements[at : at + kind // 2] for at in range(0, len(elements) - kind // 2 + 1, kind // 2)
    ]

    def sums(table: list[list[bytes]]) -> dict[int, tuple[int | None, str]]:
        value = raw_rdb.length(len(table)) + b"".join(b"".join(pair) for pair in table)
        return _sums(_forms(raw_rdb.file(raw_rdb.database([bytes((kind,)) + key + value]))))

    assert sums(data.draw(st.permutations(pairs))) == sums(pairs)
    assert sums(pairs[:-1]) != sums(pairs)
    if kind == 4 and len(pairs) > 1:
        (field, value), (other, another), *rest = pairs
        assert sums([[field, another], [other, value], *rest]) != sums(pairs)


@pytest.mark.parametrize("kind", [0, 2], ids=["one string", "a table of strings"])
def test_a_value_of_many_megabytes_is_never_held_whole(kind: int, tmp_path: Path) -> None:
    """Equal to itself and unlike its last byte changed, in a few megabytes of memory."""
    members = [b"%07d" % number + b"x" * 1000 for number in range(40_000)]
    value = raw_rdb.string(b"".join(members))
    if kind == 2:
        value = raw_rdb.length(len(members)) + raw_rdb.strings(members)
    paths = [tmp_path / "one.rdb", tmp_path / "other.rdb"]
    for path, end in zip(paths, (b"x", b"y"), strict=True):
        record = raw_rdb.record(kind, b"k", value[:-1] + end)
        path.write_bytes(raw_rdb.file(raw_rdb.database([record])))
    del value, members, record

    tracemalloc.start()
    found = []
    for path in (paths[0], *paths):
        with path.open("rb") as source, path.open("rb") as again:
            found.append(_sums(take_forms(source, again, 0)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found[0] == found[1] != found[2]
    assert peak < 12 * MB, peak


def test_what_a_server_writes_back_is_equal_by_its_bytes(
    redis_factory: Callable[..., RedisServer], redis_image: str, tmp_path: Path
) -> None:
    """Each kind of server, restarted on its own file: the long way is not needed."""
    server = redis_factory(image=redis_image, args=["--appendonly", "no"])
    fill(server, 400)
    client = server.client()
    client.set("long", "a sentence that can be compressed; " * 500)
    client.sadd("table", *[f"member {number}" for number in range(700)])
    client.hset("wide", mapping={f"field {number}": "v" * 100 for number in range(300)})
    client.xgroup_create("events", "all", "0")
    client.xreadgroup("all", "one", {"events": ">"}, count=1)
    client.save()
    first, second = tmp_path / "first.rdb", tmp_path / "second.rdb"
    first.write_bytes(server.read_file("/data/dump.rdb"))
    server.container.restart()
    server.wait_until_ready()
    server.client().save()
    second.write_bytes(server.read_file("/data/dump.rdb"))

    compared = compare_files(first, second, int(time.time() * 1000))

    assert first.read_bytes() != second.read_bytes()
    assert compared.equal
    assert compared.by_bytes
    server.client().zincrby("ranking", 1e-9, "m3")
    server.client().save()
    second.write_bytes(server.read_file("/data/dump.rdb"))
    assert not compare_files(first, second, int(time.time() * 1000)).equal
