"""The digest: equal for equal content, however it is written; different for anything else."""

import io
from dataclasses import replace
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.errors import RdbError, UnknownRdb
from redis_dr.tasks.rdb import (
    InventoryOptions,
    database_digest,
    digest_of_dump,
    entries,
    take_inventory,
)
from tests.rdb.conftest import Servers, emptied, saved
from tests.support import raw_rdb
from tests.support.rdb_content import FAR_MS, Content, contents, fill, keyspaces, words
from tests.support.rdb_values import expires
from tests.support.redis_server import RedisServer

REAL = settings(
    max_examples=15,
    deadline=None,  # a save takes as long as it takes
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the server is emptied each time
)
PACKED = ("hash-max-listpack-entries", "set-max-intset-entries", "zset-max-listpack-entries",
          "set-max-listpack-entries", "list-max-listpack-size", "list-compress-depth",
          "hash-max-listpack-value", "zset-max-listpack-value", "set-max-listpack-value",
          "stream-node-max-entries", "rdbcompression")  # fmt: skip


def digests(data: bytes) -> dict[bytes, int]:
    """The digest of each key of a file of one database."""
    return {entry.key: entry.digest for entry in entries(io.BytesIO(data))}


def told(client: redis.Redis, key: bytes) -> int:
    """The digest of a key of a live server."""
    return digest_of_dump(key, client.dump(key), expires(client, key))


@pytest.fixture
def packing(server: RedisServer) -> Any:
    """Set how the server packs values; as it was afterwards."""
    client = server.client()
    before = {name: client.config_get(name).get(name) for name in PACKED}

    def pack(values: dict[str, Any]) -> None:
        for name, value in values.items():
            if before[name] is not None:  # Redis 7.0 packs no sets
                client.config_set(name, value)

    yield pack
    pack(before)


@REAL
@given(keyspace=keyspaces)
def test_a_reload_changes_no_digest(server: RedisServer, keyspace: dict[bytes, Content]) -> None:
    """DEBUG RELOAD saves and loads everything; each key's digest is the same before and after."""
    client = emptied(server).client()
    fill(client, keyspace)
    before = digests(saved(server))

    client.execute_command("DEBUG", "RELOAD")

    assert digests(saved(server)) == before


@REAL
@given(keyspace=keyspaces)
def test_dump_gives_the_digest_of_the_file(
    server: RedisServer, keyspace: dict[bytes, Content]
) -> None:
    """A live server, asked key by key, gives the digests and the sum of the file that it saves."""
    client = emptied(server).client()
    fill(client, keyspace)

    data = saved(server)

    live = {key: told(client, key) for key in client.scan_iter()}
    assert live == digests(data)
    sums = [each.digest for each in take_inventory(io.BytesIO(data)).databases.values()]
    assert sums == ([database_digest(live.values())] if keyspace else [])


@REAL
@given(keyspace=keyspaces)
def test_the_encoding_changes_no_digest(
    server: RedisServer, packing: Any, keyspace: dict[bytes, Content]
) -> None:
    """The same data written with everything packed and with nothing packed has equal digests."""
    client = emptied(server).client()
    packing(
        dict.fromkeys(PACKED[:4], 512) | {"list-max-listpack-size": -2, "list-compress-depth": 0}
    )
    packing(
        dict.fromkeys(PACKED[6:9], 64) | {"stream-node-max-entries": 100, "rdbcompression": "yes"}
    )
    fill(client, keyspace)
    packed = digests(saved(server))
    client.flushall()

    packing(dict.fromkeys(PACKED[:4], 0) | {"list-max-listpack-size": 1, "list-compress-depth": 1})
    packing(dict.fromkeys(PACKED[6:9], 1) | {"stream-node-max-entries": 2, "rdbcompression": "no"})
    fill(client, keyspace)

    plain = digests(saved(server))
    # the moments at which pending entries were delivered are content, and differ between fills
    streams = {key for key, content in keyspace.items() if content.kind == "stream"}
    assert {k: v for k, v in plain.items() if k not in streams} == {
        k: v for k, v in packed.items() if k not in streams
    }
    client.execute_command("DEBUG", "RELOAD")  # streams are packed anew by nothing but a load
    assert digests(saved(server)) == plain


@pytest.mark.parametrize(
    ("old", "new"), [("redis70", "redis80"), ("redis70", "valkey81"), ("valkey81", "redis80")]
)
@REAL
@given(keyspace=keyspaces)
def test_another_server_gives_the_same_digest(
    any_server: Servers, old: str, new: str, keyspace: dict[bytes, Content]
) -> None:
    """Moved by DUMP and RESTORE to another server, each key keeps its digest."""
    source = emptied(any_server(old)).client()
    target = emptied(any_server(new))
    fill(source, keyspace)

    for key in source.scan_iter():
        moment = expires(source, key)
        target.client().restore(key, moment or 0, source.dump(key), absttl=moment is not None)

    assert digests(saved(target)) == digests(saved(any_server(old)))


def changes(content: Content) -> st.SearchStrategy[Content]:
    """The same key with one thing changed: an element, a score, a field's expiry, the expiry."""
    value = content.value
    other: st.SearchStrategy[Any]
    match content.kind:
        case "string":
            other = words
        case "list":
            other = st.one_of(st.permutations(value), words.map(lambda word: [*value, word]))
        case "set":
            other = words.map(lambda word: value ^ {word})
        case "zset":
            other = st.tuples(st.sampled_from(sorted(value)), st.floats(allow_nan=False)).map(
                lambda change: {**value, change[0]: change[1]}
            )
        case "hash":
            other = st.tuples(st.sampled_from(sorted(value)), words).map(
                lambda change: {**value, change[0]: change[1]}
            )
        case "fields":
            other = st.tuples(st.sampled_from(sorted(value)), st.integers(1, 10**6)).map(
                lambda change: {**value, change[0]: (value[change[0]][0], FAR_MS + change[1])}
            )
        case _:
            other = st.just([*value, ([(b"f", b"v")], False, False)])
    expiry = st.integers(FAR_MS, 2 * FAR_MS).map(lambda moment: replace(content, expire=moment))
    return st.one_of(expiry, other.map(lambda changed: replace(content, value=changed)))


@settings(REAL, max_examples=60)
@given(data=st.data(), content=contents)
def test_any_change_changes_the_digest(
    any_server: Servers, data: st.DataObject, content: Content
) -> None:
    """One element, score, field expiry or key expiry changed: another digest."""
    changed = data.draw(changes(content))
    assume(changed.value or changed.kind == "string")
    assume(_differ(content, changed))
    client = emptied(any_server("redis80")).client()

    fill(client, {b"k": content})
    before = told(client, b"k")
    client.delete("k")
    fill(client, {b"k": changed})

    assert told(client, b"k") != before


def _differ(one: Content, two: Content) -> bool:
    """Whether a client could tell; -0 and 0 are one score."""
    return one != two


@given(key=words, other=words, value=words)
def test_another_name_is_another_digest(key: bytes, other: bytes, value: bytes) -> None:
    """The key's name is part of its digest."""
    assume(key != other)
    payload = raw_rdb.dump(0, raw_rdb.string(value))

    assert digest_of_dump(key, payload, None) != digest_of_dump(other, payload, None)


def test_the_same_key_in_another_database_changes_both_sums() -> None:
    """Database digests tell where a key lives."""
    one, two = (raw_rdb.record(0, key, raw_rdb.string(b"v")) for key in (b"a", b"b"))
    apart = raw_rdb.file(raw_rdb.database([one], 0) + raw_rdb.database([two], 1))
    swapped = raw_rdb.file(raw_rdb.database([two], 0) + raw_rdb.database([one], 1))

    here, there = (take_inventory(io.BytesIO(data)).databases for data in (apart, swapped))

    assert here[0].digest == there[1].digest
    assert here[0].digest != there[0].digest


@pytest.mark.parametrize("size", [0, 5, 63, 64, 300, 16383, 16384])
def test_the_form_of_a_length_changes_no_digest(size: int) -> None:
    """A length written longer than it need be, for key or value, gives the digest of the short."""
    text = b"x" * size
    forms = [
        raw_rdb.length(size),
        b"\x80" + size.to_bytes(4, "big"),
        b"\x81" + size.to_bytes(8, "big"),
    ]
    if size < 16384:
        forms.append((0x4000 | size).to_bytes(2, "big"))
    records = [b"\0" + key + text + raw_rdb.string(b"v") for key in forms]
    other = [b"\0" + raw_rdb.string(b"k") + value + text for value in forms]

    for each in (records, other):
        found = [digests(raw_rdb.file(raw_rdb.database([record]))) for record in each]
        assert found == [found[0]] * len(forms)


@given(st.lists(st.tuples(words, words), max_size=20, unique_by=lambda pair: pair[0]), st.randoms())
def test_the_order_of_keys_changes_no_sum(pairs: list[tuple[bytes, bytes]], random: Any) -> None:
    """A file with its keys in another order has the same database digest."""
    records = [raw_rdb.record(0, key, raw_rdb.string(value)) for key, value in pairs]
    straight = take_inventory(io.BytesIO(raw_rdb.file(raw_rdb.database(records))))
    random.shuffle(records)

    shuffled = take_inventory(io.BytesIO(raw_rdb.file(raw_rdb.database(records))))

    assert straight.databases == shuffled.databases


def test_what_has_expired_can_be_left_out() -> None:
    """With a moment given, the digest is that of the keys alive then, and `alive` counts them."""
    gone = b"\xfc" + (1000).to_bytes(8, "little") + raw_rdb.record(0, b"gone", raw_rdb.string(b"v"))
    there = raw_rdb.record(0, b"there", raw_rdb.string(b"v"))
    both = io.BytesIO(raw_rdb.file(raw_rdb.database([gone, there])))
    alone = take_inventory(io.BytesIO(raw_rdb.file(raw_rdb.database([there])))).databases[0]

    inventory = take_inventory(both, InventoryOptions(alive_at_ms=1000, taken_at_ms=999))

    found = inventory.databases[0]
    assert (found.keys, found.expires, found.expired, found.alive) == (2, 1, 0, 1)
    assert found.digest == alone.digest


def test_expired_fields_can_be_left_out() -> None:
    """A hash counts by the fields alive at the moment; without any it is gone."""
    value = raw_rdb.string(raw_rdb.listpack([b"f", b"v", 500, b"g", b"w", 1500]))
    data = raw_rdb.file(raw_rdb.database([raw_rdb.record(23, b"k", value)]), version=12)
    left = raw_rdb.string(raw_rdb.listpack([b"g", b"w", 1500]))
    rest = raw_rdb.file(raw_rdb.database([raw_rdb.record(23, b"k", left)]), version=12)

    def at(moment: int, content: bytes) -> tuple[int | None, str | None]:
        options = InventoryOptions(alive_at_ms=moment)
        database = take_inventory(io.BytesIO(content), options).databases[0]
        return database.alive, database.digest

    assert at(1000, data) == at(1000, rest) == at(0, rest)
    assert at(400, data) != at(400, rest)
    assert at(2000, data) == (0, "0" * 32)
    payload = raw_rdb.dump(23, value, version=12)
    assert digest_of_dump(b"k", payload, None, alive_at_ms=2000) == 0


def test_a_dump_with_a_wrong_checksum_is_damage() -> None:
    """One changed byte in a DUMP is an error, not another digest."""
    payload = bytearray(raw_rdb.dump(0, raw_rdb.string(b"value")))
    payload[3] ^= 1

    with pytest.raises(RdbError, match="checksum of a DUMP"):
        digest_of_dump(b"k", bytes(payload), None)


def test_a_dump_of_a_newer_format_is_unknown() -> None:
    """The version in a DUMP's footer is believed."""
    with pytest.raises(UnknownRdb, match="version 80"):
        digest_of_dump(b"k", raw_rdb.dump(0, raw_rdb.string(b"value"), version=80), None)


@given(st.binary(max_size=200))
def test_no_bytes_make_a_dump_fail_otherwise(payload: bytes) -> None:
    """Whatever the bytes, a typed error or a digest comes back."""
    for given_payload in (payload, raw_rdb.dump(payload[0] if payload else 0, payload[1:])):
        assert "byte" in (_problem(given_payload) or "byte")


def _problem(payload: bytes) -> str | None:
    try:
        digest_of_dump(b"k", payload, None)
    except RdbError as error:
        return error.problem
    return None
