"""The inventory: exact counts, whatever the source and however the file was written."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from redis_dr.tasks.rdb.base.reader import WINDOW
from tests.rdb.conftest import Servers, emptied, saved
from tests.support import raw_rdb
from tests.support.rdb_content import FAR_MS
from tests.support.rdb_small_files import ALL, RECORDS

RULES = (
    KeyRule(pattern="lock:ingest:{doc}"),
    KeyRule(pattern="lock:{x}"),
    KeyRule(pattern="session:{id}", db=2),
    KeyRule(pattern="unused:{x}"),
)


def record(
    key: bytes, value: bytes = b"v", expire: int | None = None, before: bytes = b""
) -> bytes:
    """A string key."""
    prefix = b"" if expire is None else b"\xfc" + expire.to_bytes(8, "little")
    return prefix + before + raw_rdb.record(0, key, raw_rdb.string(value))


class Trickle(io.RawIOBase):
    """A pipe that gives a few bytes at a time and cannot seek."""

    def __init__(self, data: bytes, step: Callable[[], int]) -> None:
        self._data, self._step = data, step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        count = min(size, self._step())
        data, self._data = self._data[:count], self._data[count:]
        return data


@given(st.data())
def test_short_reads_change_nothing(data: st.DataObject) -> None:
    """A pipe that gives 1 to 7 bytes at a time is read like a file."""
    pipe = Trickle(ALL, lambda: data.draw(st.integers(1, 7)))

    assert take_inventory(pipe) == take_inventory(io.BytesIO(ALL))  # type: ignore[arg-type] # reads


def test_patterns_are_counted_once_by_the_first_rule() -> None:
    """Keys, bytes and time to live of each rule; what matches none is under the empty pattern."""
    zero = [
        record(b"lock:ingest:1", expire=5000),
        record(b"lock:ingest:2", expire=9000),
        record(b"lock:other"),
        record(b"lock:"),
        record(b"session:1"),
        record(b"doc:1", b"w" * 50),
    ]
    data = raw_rdb.file(raw_rdb.database(zero) + raw_rdb.database([record(b"session:1")], 2))
    options = InventoryOptions(rules=RULES, taken_at_ms=4000)

    patterns = take_inventory(io.BytesIO(data), options).patterns

    assert [(each.pattern, each.db, each.keys, each.bytes) for each in patterns] == [
        ("lock:ingest:{doc}", 0, 2, len(zero[0] + zero[1])),
        ("lock:{x}", 0, 1, len(zero[2])),
        ("unused:{x}", 0, 0, 0),
        ("", 0, 3, len(zero[3] + zero[4] + zero[5])),
        ("session:{id}", 2, 1, len(zero[4])),
    ]
    assert [(each.min_ttl, each.max_ttl) for each in patterns][:2] == [(1.0, 5.0), (None, None)]


def test_the_largest_keys_are_named() -> None:
    """As many as asked for, largest first, with bytes that are not text escaped."""
    records = [record(b"k%d" % n, b"v" * n) for n in range(3000)] + [
        record(b"\xff\x00", b"v" * 5000)
    ]
    data = raw_rdb.file(raw_rdb.database(records))

    largest = take_inventory(io.BytesIO(data), InventoryOptions(largest=3)).largest

    assert [(each.key, each.bytes) for each in largest] == [
        ("\\xff\x00", len(records[3000])),
        ("k2999", len(records[2999])),
        ("k2998", len(records[2998])),
    ]
    assert take_inventory(io.BytesIO(data), InventoryOptions(largest=0)).largest == ()


def test_the_hottest_keys_come_from_lfu_or_lru_data(any_server: Servers) -> None:
    """With an LFU policy the counters are told, with an LRU policy the idle seconds."""
    server = emptied(any_server("redis70"))
    client = server.client()
    client.set("source", "x")
    payload = client.dump("source")
    for policy, option, field in (
        ("allkeys-lfu", "frequency", "frequency"),
        ("allkeys-lru", "idletime", "idle_seconds"),
    ):
        client.flushall()
        client.config_set("maxmemory-policy", policy)
        for value in (7, 70, 200):
            client.restore(f"key:{value}", 0, payload, **{option: value})

        hottest = take_inventory(io.BytesIO(saved(server)), InventoryOptions(hottest=2)).hottest

        told = [(each.key, getattr(each, field)) for each in hottest]
        if policy == "allkeys-lfu":
            assert told == [("key:200", 200), ("key:70", 70)]
        else:
            assert [key for key, _ in told] == ["key:7", "key:70"]
            assert told[0][1] in {7, 8, 9}
    client.config_set("maxmemory-policy", "noeviction")


def test_what_has_expired_is_counted() -> None:
    """Expiries up to `taken_at_ms` count as expired; without digest no digest is told."""
    data = raw_rdb.file(raw_rdb.database([record(b"a", expire=1000), record(b"b", expire=1001)]))

    options = InventoryOptions(taken_at_ms=1000, digest=False, alive_at_ms=1000)
    found = take_inventory(io.BytesIO(data), options).databases[0]

    assert (found.expires, found.expired, found.alive, found.digest) == (2, 1, 1, None)


def test_functions_and_aux_are_told(any_server: Servers) -> None:
    """A library is counted and digested; AUX fields are there by name; modules are named."""
    server = emptied(any_server("redis80"))
    client = server.client()
    client.function_flush()
    client.function_load("#!lua name=lib\nredis.register_function('one', function() return 1 end)")
    client.execute_command("VADD", "v", "VALUES", "2", "1", "2", "a")

    inventory = take_inventory(io.BytesIO(saved(server)))

    assert inventory.functions == 1
    assert len(inventory.functions_digest or "") == 32
    assert inventory.aux["redis-ver"] == client.info("server")["redis_version"]
    assert {"redis-bits", "ctime", "used-mem"} <= inventory.aux.keys()
    assert inventory.types == {"module": 1}
    client.function_flush()
    assert take_inventory(io.BytesIO(saved(server))).functions_digest is None


def test_a_module_with_aux_data_is_named() -> None:
    """The name is spelt from the module's id."""
    assert take_inventory(io.BytesIO(ALL)).modules != ()


def test_a_file_without_checksum_is_marked(
    server: object, any_server: Servers, version: str
) -> None:
    """Saved with rdbchecksum no, the inventory says None; with it, the CRC-64 of the trailer."""
    real = any_server(version)
    with_checksum = saved(real)
    found = take_inventory(io.BytesIO(with_checksum)).checksum
    assert int(found or "0", 16) == int.from_bytes(with_checksum[-8:], "little")

    without = with_checksum[:-8] + bytes(8)

    assert take_inventory(io.BytesIO(without)).checksum is None


def test_old_files_end_without_checksum() -> None:
    """Before version 5 nothing follows the end mark."""
    data = raw_rdb.file(raw_rdb.database([record(b"k")]), version=4)

    inventory = take_inventory(io.BytesIO(data))

    assert (inventory.rdb_version, inventory.checksum, inventory.keys) == (4, None, 1)


@pytest.mark.parametrize("count", [1023, 1024, 1025, 40_000])
def test_no_key_is_lost_between_batches_and_windows(count: int) -> None:
    """Keys are counted across batches, and across windows of a megabyte that cut records."""
    records = [
        record(b"k%d" % n, b"v" * (n % 300), FAR_MS if n % 3 else None) for n in range(count)
    ]
    records += [RECORDS["hash"], RECORDS["stream 3"]]
    data = raw_rdb.file(raw_rdb.database(records))

    for digest in (True, False):
        inventory = take_inventory(io.BytesIO(data), InventoryOptions(digest=digest))
        assert inventory.keys == count + 2
        assert inventory.databases[0].expires == sum(1 for n in range(count) if n % 3)
        assert inventory.databases[0].bytes == sum(map(len, records))
        assert inventory.size == len(data)


@pytest.mark.parametrize("digest", [True, False])
def test_an_expiry_cut_by_the_end_of_a_window_is_read_whole(digest: bool) -> None:
    """Wherever in a record the window of a megabyte ends: in its expiry, its key, its value."""
    key = record(b"key", b"value", FAR_MS)
    alone = raw_rdb.file(raw_rdb.database([key]))
    options = InventoryOptions(digest=digest, rules=(KeyRule(pattern="key"),))
    expected = take_inventory(io.BytesIO(alone), options).patterns
    # nine bytes of header, two of SELECTDB; the type, the key, five bytes of length
    before = 9 + 2 + 1 + len(raw_rdb.string(b"filler")) + 5

    for cut in range(len(key) + 1):
        filler = record(b"filler", b"v" * (WINDOW - cut - before))
        data = raw_rdb.file(raw_rdb.database([filler, key]))
        assert data.index(key) == WINDOW - cut
        found = take_inventory(io.BytesIO(data), options)
        assert found.keys == 2
        assert found.patterns[0] == expected[0]


def test_the_type_of_each_key_is_counted() -> None:
    """Types as TYPE names them, encodings as the file has them."""
    inventory = take_inventory(io.BytesIO(ALL))

    assert sum(inventory.types.values()) == inventory.keys == len(RECORDS) - 2
    assert sum(inventory.encodings.values()) == inventory.keys
    assert inventory.encodings["hash listpack field expiry"] == 1
