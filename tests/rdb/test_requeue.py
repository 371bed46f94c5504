"""Putting lists back: in front, in order, each element once, none lost."""

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import SplicePlan, values
from tests.rdb.conftest import emptied, loaded, saved
from tests.rdb.test_splice import spliced
from tests.support import raw_rdb
from tests.support.redis_server import RedisServer

REAL = settings(
    max_examples=12,
    deadline=None,  # saves and loads take as long as they take
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the server is emptied each time
)
PLAN = SplicePlan(rules=(KeyRule(pattern="queue:{x}", on_restore="requeue:pending"),))
elements = st.lists(st.sampled_from([b"a", b"b", b"7", b"c" * 80, b"d" * 9000]), max_size=6)


def merged(target: list[bytes], *sources: list[bytes]) -> list[bytes]:
    """What should stand in the list."""
    front = dict.fromkeys(each for source in sources for each in source if each not in target)
    return [*front, *target]


def lists(data: bytes, db: int = 0) -> dict[bytes, object]:
    """Key and value of one database of a file."""
    return {key: value for number, key, _, value in values(data) if number == db}


@REAL
@given(target=elements, first=elements, second=elements)
def test_elements_go_in_front_once_and_none_is_lost(
    server: RedisServer, target: list[bytes], first: list[bytes], second: list[bytes]
) -> None:
    """Sources are emptied into the list, whether it was there or not; the server reads the same."""
    client = emptied(server).client()
    for name, content in (("pending", target), ("queue:1", first), ("queue:2", second)):
        if content:
            client.rpush(name, *content)
    old = saved(server)
    # a file holds keys in any order; the sources are taken in the order of the file
    order = [first, second]
    if (
        list(lists(old)).index(b"queue:1") > list(lists(old)).index(b"queue:2")
        if first and second
        else 0
    ):
        order.reverse()

    data, result = spliced(old, PLAN)

    expected = merged(target, *order)
    assert lists(data) == ({b"pending": expected} if expected else {})
    assert client.lrange("pending", 0, -1) == target
    assert loaded(server, data).client().lrange("pending", 0, -1) == expected
    moved = sum(1 for each in (first, second) if each)
    assert [(each.sources, each.elements, each.created) for each in result.requeued] == (
        [(moved, len(expected) - len(target), not target)] if moved else []
    )
    if moved:
        assert result.requeued[0].already_there == len(first + second) - len(expected) + len(target)


def record(key: bytes, *content: bytes) -> bytes:
    """A list."""
    return raw_rdb.record(1, key, raw_rdb.length(len(content)) + raw_rdb.strings(content))


def expiring(moment: int, data: bytes) -> bytes:
    """The record with an expiry."""
    return b"\xfc" + moment.to_bytes(8, "little") + data


def file(*records: bytes) -> bytes:
    """A file of one database."""
    return raw_rdb.file(raw_rdb.database(records))


@pytest.mark.parametrize("moment", [500, 2000])
def test_an_expired_source_is_put_back_all_the_same(moment: int) -> None:
    """What was in work when the backup was made is not lost because its list would have expired."""
    old = file(expiring(moment, record(b"queue:1", b"job")))

    data, _ = spliced(old, replace(PLAN, now_ms=1000))

    assert [(key, expire) for _, key, expire, _ in values(data)] == [(b"pending", None)]


def test_the_list_keeps_its_expiry_while_that_is_to_come() -> None:
    """An expiry of the list itself stays, moved by the shift."""
    old = file(record(b"queue:1", b"job"), expiring(2000, record(b"pending", b"old")))

    data, result = spliced(old, replace(PLAN, now_ms=1000, ttl_shift_ms=5))

    assert list(values(data)) == [(0, b"pending", 2005, [b"job", b"old"])]
    assert result.databases[0].expires == 1


def test_an_expired_list_takes_nothing_with_it() -> None:
    """A list that the load would throw away is started again, without expiry."""
    old = file(record(b"queue:1", b"job"), expiring(500, record(b"pending", b"old")))

    data, result = spliced(old, replace(PLAN, now_ms=1000))

    assert list(values(data)) == [(0, b"pending", None, [b"job"])]
    assert result.databases[0].from_backup == 1


def test_what_is_no_list_stays_and_is_named() -> None:
    """A value of another type under a requeue rule is written as it is, and reported."""
    string = raw_rdb.record(0, b"queue:1", raw_rdb.string(b"text"))

    data, result = spliced(file(string), PLAN)

    assert lists(data) == {b"queue:1": b"text"}
    assert result.as_they_were == ("queue:1 is not a list, so it cannot be put back",)


def test_nothing_is_put_into_what_is_no_list() -> None:
    """When the name of the list is taken by another type, all stays as it was, and is reported."""
    string = raw_rdb.record(0, b"pending", raw_rdb.string(b"text"))

    data, result = spliced(file(string, record(b"queue:1", b"job")), PLAN)

    assert lists(data) == {b"pending": b"text", b"queue:1": [b"job"]}
    assert result.as_they_were == ("pending is not a list, so nothing can be put into it",)


def test_a_list_is_not_put_back_into_itself() -> None:
    """A pattern that matches the list itself leaves it as it is."""
    plan = SplicePlan(rules=(KeyRule(pattern="{x}", on_restore="requeue:pending"),))

    data, _ = spliced(file(record(b"pending", b"a", b"a"), record(b"other", b"b")), plan)

    assert lists(data) == {b"pending": [b"b", b"a", b"a"]}


def test_other_databases_are_left_alone() -> None:
    """A rule holds for its own database."""
    body = raw_rdb.database([record(b"queue:1", b"job")], 1)

    data, result = spliced(raw_rdb.file(body), PLAN)

    assert lists(data, db=1) == {b"queue:1": [b"job"]}
    assert result.requeued == ()


def test_a_list_taken_from_the_live_set_is_filled_as_well() -> None:
    """`keep` for the list, `requeue` for its source: the backup's jobs go in front of today's."""
    keep = KeyRule(pattern="pending", on_restore="keep")
    old = file(record(b"pending", b"stale"), record(b"queue:1", b"job"))
    live = file(record(b"pending", b"fresh"))

    data, result = spliced(old, SplicePlan(rules=(keep, *PLAN.rules)), live)

    assert lists(data) == {b"pending": [b"job", b"fresh"]}
    assert (result.databases[0].from_live, result.databases[0].dropped) == (1, 2)


def test_large_elements_are_put_back_whole() -> None:
    """Elements of several megabytes, in the list and in its source, arrive as they were."""
    large, larger = b"x" * (5 << 20), b"y" * (6 << 20)
    old = file(record(b"queue:1", large), record(b"pending", larger, b"z"))

    data, _ = spliced(old, PLAN)

    assert lists(data) == {b"pending": [large, larger, b"z"]}
    assert io.BytesIO(data).getbuffer().nbytes > 11 << 20
