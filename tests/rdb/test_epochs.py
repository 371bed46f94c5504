"""Counters after a splice: above the backup, above the live set, whatever either lacks."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.rdb import EpochFloor, HashValue, SplicePlan, values
from tests.rdb.conftest import emptied, loaded, saved
from tests.rdb.test_splice import spliced
from tests.support import raw_rdb
from tests.support.redis_server import RedisServer

FLOOR = EpochFloor(db=0, hashes=("doc_epoch", "chunk_epoch"), counter="global_epoch")
PLAN = SplicePlan(epochs=FLOOR)
numbers = st.integers(-(2**40), 2**40)
hashes = st.dictionaries(st.sampled_from([b"a", b"b", b"c" * 90, b"d"]), numbers, max_size=4)
Hash = Mapping[bytes, int | bytes]


def file(key: bytes, fields: Hash | None, counter: int | bytes | None = None) -> bytes:
    """A file with an epoch hash and the counter, each if given."""
    records = []
    if fields:
        texts = [text(each) for pair in fields.items() for each in pair]
        records.append(raw_rdb.record(4, key, raw_rdb.length(len(fields)) + raw_rdb.strings(texts)))
    if counter is not None:
        records.append(raw_rdb.record(0, b"global_epoch", raw_rdb.string(text(counter))))
    return raw_rdb.file(raw_rdb.database(records))


def text(value: int | bytes) -> bytes:
    """As Redis holds a number."""
    return b"%d" % value if isinstance(value, int) else value


def found(data: bytes) -> dict[bytes, object]:
    """Hashes as dict, the counter as bytes."""
    return {
        key: value.fields if isinstance(value, HashValue) else value
        for _, key, _, value in values(data)
    }


@settings(
    max_examples=12,
    deadline=None,  # saves and loads take as long as they take
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the server is emptied each time
)
@given(backup=hashes, live=hashes, counters=st.tuples(st.none() | numbers, st.none() | numbers))
def test_every_value_is_above_both_sides(
    server: RedisServer,
    backup: dict[bytes, int],
    live: dict[bytes, int],
    counters: tuple[int | None, int | None],
) -> None:
    """Fields of either side are there, one above the higher value; so is the counter."""
    files = []
    for fields, counter in zip((backup, live), counters, strict=True):
        client = emptied(server).client()
        if fields:
            client.hset("doc_epoch", mapping=fields)  # type: ignore[arg-type] # bytes are fine
        if counter is not None:
            client.set("global_epoch", counter)
        files.append(saved(server))

    data, result = spliced(files[0], PLAN, files[1])

    least = -(2**50)
    expected: dict[bytes, object] = {}
    if backup or live:
        expected[b"doc_epoch"] = {
            field: b"%d" % (max(backup.get(field, least), live.get(field, least)) + 1)
            for field in {**backup, **live}
        }
    given_counters = [counter for counter in counters if counter is not None]
    if given_counters:
        expected[b"global_epoch"] = b"%d" % (max(given_counters) + 1)
    assert found(data) == expected
    client = loaded(server, data).client()
    assert client.hgetall("doc_epoch") == expected.get(b"doc_epoch", {})
    assert client.get("global_epoch") == expected.get(b"global_epoch")
    assert sum(change.only_live for change in result.epochs) == len(live.keys() - backup.keys()) + (
        counters[0] is None and counters[1] is not None
    )


@pytest.mark.parametrize(
    "bad", [b"x", b"1.5", b" 1", b"007", b"", b"9223372036854775807", b"1" * 30]
)
def test_what_is_no_integer_is_left_and_named(bad: bytes) -> None:
    """A value that cannot be counted on stays as the backup has it; the rest moves on."""
    old = file(b"doc_epoch", {b"bad": bad, b"good": 1}, bad)
    live = file(b"doc_epoch", {b"bad": 5, b"good": 7, b"odd": bad}, 3)

    data, result = spliced(old, PLAN, live)

    assert found(data) == {
        b"doc_epoch": {b"bad": bad, b"good": b"8", b"odd": bad},
        b"global_epoch": bad,
    }
    assert [(change.key, change.raised, change.left) for change in result.epochs] == [
        ("doc_epoch", 1, ("bad", "odd")),
        ("global_epoch", 0, ("",)),
    ]


def test_without_a_live_set_values_move_on_by_one() -> None:
    """A dead server's counters cannot be asked; above the backup is the best there is."""
    data, _ = spliced(file(b"doc_epoch", {b"a": 4}, 9), PLAN)

    assert found(data) == {b"doc_epoch": {b"a": b"5"}, b"global_epoch": b"10"}


def test_a_key_of_another_type_stays_and_is_named() -> None:
    """A string where a hash is expected is not touched."""
    old = raw_rdb.file(raw_rdb.database([raw_rdb.record(0, b"doc_epoch", raw_rdb.string(b"5"))]))

    data, result = spliced(old, PLAN, file(b"doc_epoch", {b"a": 1}))

    assert found(data) == {b"doc_epoch": b"5"}
    assert result.as_they_were == ("doc_epoch is not a hash, so its epochs stay",)


def test_field_expiries_of_epochs_survive() -> None:
    """A field that expires keeps its moment, moved by the shift; the key then has that type."""
    fields = raw_rdb.string(raw_rdb.listpack([b"a", 4, 5000, b"b", 6, 0]))
    old = raw_rdb.file(raw_rdb.database([raw_rdb.record(23, b"doc_epoch", fields)]), version=12)

    data, _ = spliced(old, SplicePlan(epochs=FLOOR, ttl_shift_ms=10), file(b"doc_epoch", {b"a": 8}))

    [(_, _, _, value)] = values(data)
    assert value == HashValue({b"a": b"9", b"b": b"7"}, {b"a": 5010})


def test_epochs_of_a_database_that_is_not_restored_stay_out() -> None:
    """An emptied database is empty; a kept one is as the server has it."""
    old, live = file(b"doc_epoch", {b"a": 4}), file(b"doc_epoch", {b"a": 9})

    empty, _ = spliced(old, SplicePlan({0: "empty"}, epochs=FLOOR), live)
    kept, _ = spliced(old, SplicePlan({0: "keep"}, epochs=FLOOR), live)

    assert found(empty) == {}
    assert found(kept) == {b"doc_epoch": {b"a": b"9"}}
