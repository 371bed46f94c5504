"""Content equality: the smallest difference on a server is told apart, and its key is named."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from redis_dr.tasks.drill.compare import compare_files
from tests.support.drill_case import fill
from tests.support.redis_server import RedisServer

CHANGES: dict[str, tuple[Callable[[redis.Redis], Any], str]] = {
    "one TTL by a millisecond": (lambda r: r.pexpireat("cache:0000", 4102444800001), "cache:0000"),
    "one list in another order": (lambda r: r.rpoplpush("list", "list"), "list"),
    "one float in the last digit": (
        lambda r: r.zadd("ranking", {"m1": 0.14285714285714288}),
        "ranking",
    ),
    "one key in another database": (lambda r: r.move("doc:1", 5), "doc:1"),
    "one field of a hash": (lambda r: r.hset("doc:2", "rank", "02"), "doc:2"),
    "one member of a set": (lambda r: r.srem("members", "a"), "members"),
    "one entry of a stream": (lambda r: r.xdel("events", _first(r)), "events"),
    "one key too many": (lambda r: r.set("extra", "1"), "extra"),
    "one key lost": (lambda r: r.delete("doc:3"), "doc:3"),
    "one letter of a value": (lambda r: r.setrange("cache:0001", 3, "X"), "cache:0001"),
}


def _first(client: redis.Redis) -> bytes:
    return bytes(client.xrange("events", count=1)[0][0])


@pytest.fixture
def filled(redis_server: RedisServer) -> RedisServer:
    """All types, one key with a known expiry."""
    fill(redis_server, 40)
    redis_server.client().pexpireat("cache:0000", 4102444800000)
    return redis_server


def _saved(server: RedisServer, path: Path) -> Path:
    server.client().save()
    path.write_bytes(server.read_file("/data/dump.rdb"))
    return path


def test_the_smallest_difference_is_told_apart(filled: RedisServer, tmp_path: Path) -> None:
    """Each change alone, on the same server: unequal, and the examples name the key."""
    client = filled.client()
    for name, (change, key) in CHANGES.items():
        before = _saved(filled, tmp_path / "before.rdb")
        change(client)
        after = _saved(filled, tmp_path / "after.rdb")

        compared = compare_files(before, after, int(time.time() * 1000))

        assert not compared.equal, name
        assert any(repr(key.encode()) in one for one in compared.examples), (name, compared)


def test_the_same_content_is_equal_in_every_encoding(filled: RedisServer, tmp_path: Path) -> None:
    """Saved twice with other settings for compact encodings, and with keys in another order."""
    before = _saved(filled, tmp_path / "before.rdb")
    client = filled.client()
    for setting in ("hash-max-listpack-entries", "zset-max-listpack-entries"):
        client.config_set(setting, 1)
    client.config_set("rdbcompression", "no")
    for number in range(40):
        client.restore(f"doc:{number}", 0, client.dump(f"doc:{number}"), replace=True)
    after = _saved(filled, tmp_path / "after.rdb")

    assert before.read_bytes() != after.read_bytes()
    assert compare_files(before, after, int(time.time() * 1000)).equal


def test_what_expires_before_the_moment_counts_on_neither_side(
    filled: RedisServer, tmp_path: Path
) -> None:
    """A key that is gone because its time was up is no difference; one that had time left is."""
    client = filled.client()
    now = int(time.time() * 1000)
    client.set("short", "lived", pxat=now + 60_000)
    before = _saved(filled, tmp_path / "before.rdb")
    client.delete("short")
    after = _saved(filled, tmp_path / "after.rdb")

    assert compare_files(before, after, now + 60_000).equal
    assert not compare_files(before, after, now + 59_999).equal
