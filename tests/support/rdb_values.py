"""What a server says about a key, in the shapes of redis_dr.tasks.rdb.value.value."""

from typing import Any

import redis

from redis_dr.tasks.rdb import GroupValue, HashValue, StreamValue
from redis_dr.tasks.rdb.value.stream import StreamId, StreamState

_NO_EXPIRY = -1


def seen(client: redis.Redis, key: bytes) -> Any:
    """The value of any key but a module's, asked by the commands that a user would take."""
    kind = client.type(key).decode()
    return {
        "string": lambda: client.get(key),
        "list": lambda: client.lrange(key, 0, -1),
        "set": lambda: frozenset(client.smembers(key)),
        "zset": lambda: dict(client.zrange(key, 0, -1, withscores=True)),
        "hash": lambda: _hash(client, key),
        "stream": lambda: _stream(client, key),
    }[kind]()


def expires(client: redis.Redis, key: bytes) -> int | None:
    """When the key expires, Unix ms."""
    moment = client.pexpiretime(key)
    return None if moment < 0 else moment


def _hash(client: redis.Redis, key: bytes) -> HashValue:
    fields = client.hgetall(key)
    try:
        moments = client.hpexpiretime(key, *fields)
    except redis.ResponseError:  # a server without field expiry
        return HashValue(fields, {})
    return HashValue(
        fields,
        {name: at for name, at in zip(fields, moments, strict=True) if at != _NO_EXPIRY},
    )


def _pairs(answer: list[Any] | dict[bytes, Any]) -> dict[str, Any]:
    """A map: a flat list in RESP 2."""
    if not isinstance(answer, dict):
        answer = dict(zip(answer[0::2], answer[1::2], strict=True))
    return {name.decode(): content for name, content in answer.items()}


def _id(text: bytes) -> StreamId:
    ms, _, sequence = text.partition(b"-")
    return int(ms), int(sequence)


def _raw(text: bytes) -> bytes:
    ms, sequence = _id(text)
    return ms.to_bytes(8, "big") + sequence.to_bytes(8, "big")


def _stream(client: redis.Redis, key: bytes) -> StreamValue:
    # as one word XINFO has no callback in redis-py, so the answer comes as it is
    info = _pairs(client.execute_command("XINFO", "STREAM", key, "FULL", "COUNT", 0))
    state = StreamState(
        info["length"],
        _id(info["last-generated-id"]),
        _id(info["max-deleted-entry-id"]),
        info["entries-added"],
    )
    entries = [(_id(entry), tuple(pairs)) for entry, pairs in info["entries"]]
    groups = {}
    for group in map(_pairs, info["groups"]):
        pending = {_raw(each[0]): (each[2], each[3]) for each in group["pending"]}
        consumers = {
            one["name"]: [_raw(each[0]) for each in one["pending"]]
            for one in map(_pairs, group["consumers"])
        }
        groups[group["name"]] = GroupValue(
            _id(group["last-delivered-id"]), group["entries-read"], pending, consumers
        )
    return StreamValue(entries, state, groups)
