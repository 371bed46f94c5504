"""Data of every type: as hypothesis makes it up, and how a server gets it."""

from dataclasses import dataclass
from typing import Any

import redis
from hypothesis import strategies as st

FAR_MS = 4_102_444_800_000  # the year 2100: never passes during a test
HOT = "hot"  # a database number's place holder is not needed: keys go where the client points

_integers = st.integers(-(1 << 63), (1 << 63) - 1).map(lambda number: b"%d" % number)
_edges = st.sampled_from(
    [
        b"",
        b"0",
        b"-0",
        b"007",
        b"+1",
        b"4096",
        b"-4097",
        b"a" * 63,
        b"a" * 64,
        b"\xff" * 255,
        b"1e5",
    ]
)
words = st.one_of(
    st.binary(max_size=70),
    _integers,
    _edges,
    st.tuples(st.binary(min_size=1, max_size=9), st.integers(1, 400)).map(lambda t: t[0] * t[1]),
)
_scores = st.floats(allow_nan=False)
_moments = st.one_of(st.none(), st.integers(FAR_MS, FAR_MS * 2))


@dataclass(frozen=True)
class Content:
    """One key's value, for `put`."""

    kind: str
    value: Any
    expire: int | None  # Unix ms


def _contents(kind: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Content]:
    return st.builds(Content, st.just(kind), value, _moments)


_field_moments = st.one_of(st.none(), st.integers(FAR_MS, FAR_MS + 10**9))
contents = st.one_of(
    _contents("string", words),
    _contents("list", st.lists(words, min_size=1, max_size=12)),
    _contents("set", st.sets(words, min_size=1, max_size=12)),
    _contents("set", st.sets(_integers, min_size=1, max_size=12)),
    _contents("zset", st.dictionaries(words, _scores, min_size=1, max_size=12)),
    _contents("hash", st.dictionaries(words, words, min_size=1, max_size=12)),
    _contents(
        "fields", st.dictionaries(words, st.tuples(words, _field_moments), min_size=1, max_size=9)
    ),
    _contents(
        "stream",
        st.lists(
            st.tuples(
                st.lists(st.tuples(words, words), min_size=1, max_size=3),
                st.booleans(),  # deleted afterwards
                st.booleans(),  # delivered to a consumer
            ),
            min_size=1,
            max_size=8,
        ),
    ),
)
keyspaces = st.dictionaries(words, contents, max_size=12)


def fill(client: redis.Redis, keyspace: dict[bytes, Content]) -> None:
    """Write all of it in one go."""
    pipeline = client.pipeline(transaction=False)
    for key, content in keyspace.items():
        put(pipeline, key, content)
        if content.expire is not None:
            pipeline.pexpireat(key, content.expire)
    pipeline.execute(raise_on_error=False)  # a server without field expiry refuses HPEXPIREAT


def put(client: Any, key: bytes, content: Content) -> None:
    """Write one value by the commands a user would take."""
    value = content.value
    match content.kind:
        case "string":
            client.set(key, value)
        case "list":
            client.rpush(key, *value)
        case "set":
            client.sadd(key, *value)
        case "zset":
            client.zadd(key, value)
        case "hash":
            client.hset(key, mapping=value)
        case "fields":
            client.hset(key, mapping={field: text for field, (text, _) in value.items()})
            for field, (_, moment) in value.items():
                if moment is not None:
                    client.execute_command("HPEXPIREAT", key, moment, "FIELDS", 1, field)
        case "stream":
            _put_stream(client, key, value)


def _put_stream(client: Any, key: bytes, value: list[Any]) -> None:
    for number, (pairs, _, _) in enumerate(value, 1):
        flat = [part for pair in pairs for part in pair]
        client.execute_command("XADD", key, f"{number}-0", *flat)
    client.xgroup_create(key, "all", "0")
    client.xgroup_create(key, "rest", "$")
    client.xgroup_createconsumer(key, "all", "idle")
    for number, (_, deleted, delivered) in enumerate(value, 1):
        if delivered:
            client.xreadgroup("all", f"c{number % 2}", {key: ">"}, count=1)
        if deleted:
            client.xdel(key, f"{number}-0")
