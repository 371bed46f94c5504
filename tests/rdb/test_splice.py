"""Splicing: what comes out is exactly what the plan says, and every server accepts it."""

import io
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.errors import RdbError, UsageError
from redis_dr.tasks.model.settings.keys import KeyRule, first_match
from redis_dr.tasks.rdb import (
    InventoryOptions,
    SplicePlan,
    SpliceResult,
    entries,
    splice,
    take_inventory,
    values,
)
from tests.rdb.conftest import Servers, emptied, loaded, saved
from tests.support import raw_rdb
from tests.support.rdb_content import FAR_MS, Content, contents, fill, words
from tests.support.redis_server import RedisServer

REAL = settings(
    max_examples=12,
    deadline=None,  # saves and loads take as long as they take
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the server is emptied each time
)
NAMES = st.sampled_from([b"lock:", b"queue:", b"doc:a:", b"doc:", b""])
keyspaces = st.dictionaries(
    st.tuples(st.integers(0, 2), NAMES, words).map(lambda t: (t[0], t[1] + t[2])),
    contents,
    max_size=10,
)
RULES = st.lists(
    st.builds(
        KeyRule,
        pattern=st.sampled_from(
            ["lock:{x}", "doc:{x}", "doc:a:{x}", "{x}", "queue:{a}1{b}", "lock:"]
        ),
        db=st.integers(0, 2),
        on_restore=st.sampled_from(["restore", "drop", "keep"]),
    ),
    max_size=4,
).map(tuple)
PLANS = st.builds(
    SplicePlan,
    databases=st.dictionaries(st.integers(0, 2), st.sampled_from(["restore", "empty", "keep"])),
    default=st.sampled_from(["restore", "restore", "empty"]),
    rules=RULES,
    only=st.none() | st.frozensets(st.integers(0, 2)),
    now_ms=st.sampled_from([0, FAR_MS + 1]),
)
Keyspace = dict[tuple[int, bytes], Content]
Content_ = Counter[tuple[int, bytes, int]]


def spliced(
    backup: bytes, plan: SplicePlan, live: bytes | None = None
) -> tuple[bytes, SpliceResult]:
    """The file that comes out, and the account, whose size and hash must be the file's."""
    target = io.BytesIO()
    result = splice(io.BytesIO(backup), target, plan, None if live is None else io.BytesIO(live))
    data = target.getvalue()
    assert result.size == len(data)
    assert take_inventory(io.BytesIO(data)).checksum is not None
    assert_accounts(backup, data, result, plan.now_ms)
    return data, result


def assert_accounts(backup: bytes, data: bytes, result: SpliceResult, now_ms: int) -> None:
    """The account adds up: with the backup, with the file that came out, and in itself."""
    before = take_inventory(io.BytesIO(backup)).databases
    after = take_inventory(io.BytesIO(data), InventoryOptions(taken_at_ms=now_ms)).databases
    for db, account in result.databases.items():
        assert account.in_backup == account.from_backup + account.dropped
        assert account.in_backup == (before[db].keys if db in before else 0)
        assert account.in_backup_expires == (before[db].expires if db in before else 0)
        assert account.written == (after[db].keys if db in after else 0)
        assert account.expires == (after[db].expires if db in after else 0)
        assert account.expired_at_now == (after[db].expired if db in after else 0)
        if account.written:
            sizes = raw_rdb.length(account.written) + raw_rdb.length(account.expires)
            assert b"\xfe" + raw_rdb.length(db) + b"\xfb" + sizes in data
    assert before.keys() <= result.databases.keys()
    assert {db for db, account in result.databases.items() if account.written} == after.keys()


def written(server: RedisServer, keyspace: Keyspace) -> bytes:
    """The file of a server that holds the keyspace."""
    emptied(server)
    for db in range(3):
        fill(server.client(db), {key: each for (n, key), each in keyspace.items() if n == db})
    return saved(server)


def content(data: bytes) -> Content_:
    """Each key of a file with its digest."""
    return Counter((entry.db, entry.key, entry.digest) for entry in entries(io.BytesIO(data)))


def expected(plan: SplicePlan, backup: bytes, live: bytes) -> Content_:
    """What the plan's words mean, said once more and key by key."""
    result: Content_ = Counter()
    for data, is_live in ((backup, False), (live, True)):
        for entry in entries(io.BytesIO(data)):
            if plan.only is not None and entry.db not in plan.only:
                continue
            policy = plan.databases.get(entry.db, plan.default)
            rule = first_match(plan.rules, entry.db, entry.key)
            action = rule.action if rule and policy == "restore" else policy
            if action == ("keep" if is_live else "restore"):
                result[entry.db, entry.key, entry.digest] += 1
    return result


def expected_lost(plan: SplicePlan, backup: bytes) -> Counter[tuple[int, str, str, bool]]:
    """Each key that does not come back: database, pattern, reason, without an expiry."""
    lost: Counter[tuple[int, str, str, bool]] = Counter()
    for entry in entries(io.BytesIO(backup)):
        outside = plan.only is not None and entry.db not in plan.only
        policy = "empty" if outside else plan.databases.get(entry.db, plan.default)
        rule = first_match(plan.rules, entry.db, entry.key)
        reason = rule.action if rule and policy == "restore" else policy
        expiry = entry.expire_at_ms
        if reason == "restore" and expiry is not None and expiry <= plan.now_ms:
            reason = "expired"
        if reason != "restore":
            lost[entry.db, rule.pattern if rule else "*", reason, expiry is None] += 1
    return lost


@REAL
@given(backup=keyspaces, live=keyspaces, plan=PLANS)
def test_what_comes_out_is_what_the_plan_says(
    server: RedisServer, backup: Keyspace, live: Keyspace, plan: SplicePlan
) -> None:
    """
    Whatever backup, live set and plan: the result holds exactly the keys that the plan names, the
    account adds up, and the server checks, loads and holds it.
    """
    old, new = written(server, backup), written(server, live)

    data, result = spliced(old, plan, new)

    assert content(data) == expected(plan, old, new)
    lost = expected_lost(plan, old)
    assert sum(one.keys for one in result.lost) == lost.total()
    for one in result.lost:
        name = (one.db, one.pattern, one.reason)
        assert (one.durable, one.keys - one.durable) == (lost[*name, True], lost[*name, False])
    assert content(saved(loaded(server, data))) == content(data)


@REAL
@given(backup=keyspaces, shift=st.sampled_from([-(10**9), 1000, 86_400_000]))
def test_expiries_move_by_the_shift_and_nothing_else_does(
    any_server: Servers, backup: Keyspace, shift: int
) -> None:
    """Key and field expiries are all moved; values, names and the rest stay."""
    server = any_server("redis80")
    old = written(server, backup)

    data, _ = spliced(old, SplicePlan(ttl_shift_ms=shift))

    before = {(db, key): (expire, value) for db, key, expire, value in values(old)}
    after = {(db, key): (expire, value) for db, key, expire, value in values(data)}
    assert after == {name: _moved(*each, shift) for name, each in before.items()}
    assert content(saved(loaded(server, data))) == content(data)


def _moved(expire: int | None, value: Any, shift: int) -> tuple[int | None, Any]:
    if hasattr(value, "expiries"):
        moved = {field: moment + shift for field, moment in value.expiries.items()}
        value = type(value)(value.fields, moved)
    return None if expire is None else expire + shift, value


def test_the_use_of_keys_survives_a_shift(any_server: Servers) -> None:
    """LRU and LFU data, with expiries in front of them, are in the result as they were."""
    server = emptied(any_server("redis70"))
    client = server.client()
    for policy in ("allkeys-lru", "allkeys-lfu"):
        client.config_set("maxmemory-policy", policy)
        client.flushall()
        client.set("a", "b" * 100, pxat=FAR_MS)
        client.set("c", 5)
        client.restore("idle", FAR_MS, client.dump("a"), absttl=True, **(
            {"idletime": 5000} if policy == "allkeys-lru" else {"frequency": 99}))  # fmt: skip

        old = saved(server)
        data, _ = spliced(old, SplicePlan(ttl_shift_ms=1000))

        before, after = (take_inventory(io.BytesIO(each)).hottest for each in (old, data))
        assert len(before) == 3
        assert before == after
    client.config_set("maxmemory-policy", "noeviction")


def test_seconds_of_old_files_move_too() -> None:
    """Redis 2.4 wrote expiries in seconds; moved ones are written in milliseconds."""
    record = b"\xfd" + (1000).to_bytes(4, "little") + raw_rdb.record(0, b"k", raw_rdb.string(b"v"))
    old = raw_rdb.file(raw_rdb.database([record]), version=2)

    data, result = spliced(old, SplicePlan(ttl_shift_ms=5))

    assert [entry.expire_at_ms for entry in entries(io.BytesIO(data))] == [1_000_005]
    assert result.rdb_version == 7


def test_an_expiry_where_no_server_puts_it_is_not_guessed_at() -> None:
    """A record with its expiry behind LRU data is refused when expiries are to move."""
    record = b"\xf8\x05\xfc" + bytes(8) + raw_rdb.record(0, b"k", raw_rdb.string(b"v"))
    old = raw_rdb.file(raw_rdb.database([record]))

    with pytest.raises(RdbError, match="expiry that is not the first part"):
        splice(io.BytesIO(old), io.BytesIO(), SplicePlan(ttl_shift_ms=5))


def test_many_ranges_are_copied_right(any_server: Servers) -> None:
    """Every second of many keys dropped, over more than a megabyte: the others are all there."""
    server = emptied(any_server("redis70"))
    pipeline = server.client().pipeline(transaction=False)
    for number in range(40_000):
        kind = "drop" if number % 2 else "stay"
        pipeline.set(f"{kind}:{number}", f"{number:060}", pxat=FAR_MS if number % 3 else None)
    pipeline.execute()
    old = saved(server)
    plan = SplicePlan(rules=(KeyRule(pattern="drop:{x}", on_restore="drop"),), ttl_shift_ms=7)

    data, result = spliced(old, plan)

    [rule] = result.rules
    assert (rule.keys, result.databases[0].dropped) == (20_000, 20_000)
    assert {(entry.key, entry.expire_at_ms) for entry in entries(io.BytesIO(data))} == {
        (f"stay:{n}".encode(), FAR_MS + 7 if n % 3 else None) for n in range(0, 40_000, 2)
    }
    assert len(content(saved(loaded(server, data)))) == 20_000


@pytest.mark.parametrize("db", [0, 1, 2, 5])
def test_one_database_is_exported_alone(server: RedisServer, db: int) -> None:
    """`only` leaves the other databases out; one that is not there gives an empty file."""
    for number in range(3):
        server.client(number).set("k", number)
    old = saved(server)

    data, result = spliced(old, SplicePlan(only=frozenset({db})))

    assert {entry.db for entry in entries(io.BytesIO(data))} == ({db} if db < 3 else set())
    assert sum(each.dropped for each in result.databases.values()) == (2 if db < 3 else 3)
    info = loaded(server, data).client().info("keyspace")
    assert info.keys() == ({f"db{db}"} if db < 3 else set())


def test_functions_are_kept(server: RedisServer) -> None:
    """Libraries of the backup are in the result, and run after its load."""
    client = server.client()
    client.function_flush()
    client.function_load("#!lua name=lib\nredis.register_function('one', function() return 1 end)")
    client.set("k", "v")
    old = saved(server)

    data, result = spliced(old, SplicePlan(default="empty"))

    assert result.functions == 1
    client.function_flush()
    loaded(server, data)
    assert client.dbsize() == 0
    assert client.fcall("one", 0) == 1
    client.function_flush()


def test_without_a_live_file_nothing_can_be_kept() -> None:
    """A plan that keeps something is refused when there is nothing to keep it from."""
    empty = io.BytesIO(raw_rdb.file(b""))
    for plan in (
        SplicePlan({2: "keep"}),
        SplicePlan(default="keep"),
        SplicePlan(rules=(KeyRule(pattern="a", on_restore="keep"),)),
    ):
        with pytest.raises(UsageError, match="keeps what the server holds"):
            splice(empty, io.BytesIO(), plan)


@pytest.mark.parametrize("plan", [{"databases": {1: "keepp"}}, {"default": ""}])
def test_a_policy_with_a_slip_is_refused(plan: dict[str, Any]) -> None:
    """A word that is not a policy would leave the database out; the plan refuses it."""
    with pytest.raises(UsageError, match="is not a policy of a database"):
        SplicePlan(**plan)


def test_the_result_says_what_expired() -> None:
    """`expired_at_now` counts written keys whose moved expiry is past."""
    records = [
        b"\xfc" + moment.to_bytes(8, "little") + raw_rdb.record(0, b"%d" % moment, b"\0")
        for moment in (100, 200, 300)
    ]
    old = raw_rdb.file(raw_rdb.database(records))

    for shift, expired in ((0, 2), (100, 1), (101, 0), (-300, 3)):
        _, result = spliced(old, SplicePlan(ttl_shift_ms=shift, now_ms=200))
        assert result.databases[0].expired_at_now == expired
        lost = [(one.pattern, one.reason, one.keys, one.durable) for one in result.lost]
        assert lost == ([("*", "expired", expired, 0)] if expired else [])


def test_the_higher_version_of_both_files_is_written() -> None:
    """A value of the live set may be of a type that the backup's version does not have."""
    old = raw_rdb.file(raw_rdb.database([raw_rdb.record(0, b"a", b"\0")]), version=10)
    new = raw_rdb.file(raw_rdb.database([raw_rdb.record(0, b"b", b"\0")], 1), version=12)

    data, result = spliced(old, SplicePlan({1: "keep"}), new)

    assert result.rdb_version == 12
    assert data.startswith(b"REDIS0012")


def test_a_file_without_checksum_gets_one() -> None:
    """Saved with rdbchecksum no, the result carries a right checksum all the same."""
    record = raw_rdb.record(0, b"a", b"\0")
    data, _ = spliced(raw_rdb.file(raw_rdb.database([record]), checksum=False), SplicePlan())

    assert take_inventory(io.BytesIO(data)).checksum is not None
