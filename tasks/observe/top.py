"""Samples what takes memory, and reads the slow log and the clients. Nothing here blocks."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from redis_dr.tasks.model.backup.inventory import KeySize
from redis_dr.tasks.model.cache.invalidation import printable
from redis_dr.tasks.model.observe.top import (
    ClientLine,
    PatternShare,
    SlowCommand,
    by_host,
    slow_command,
)
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.keys import KeyRule, first_match
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.scan import scan_batches
from redis_dr.tasks.server.unlink import Gentle
from redis_dr.tasks.step import step

_ELEMENTS = 5  # of a big value MEMORY USAGE weighs so many and extrapolates: bounded time


@dataclass(slots=True)
class Sizes:
    """The sample so far."""

    sampled: int = 0
    biggest: list[tuple[int, bytes]] = field(default_factory=list)  # a heap
    keys: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)


@step
def weigh_keys(
    client: redis.Redis, db: int, instance: Instance, limits: tuple[int, int]
) -> tuple[int, tuple[KeySize, ...], tuple[PatternShare, ...]]:
    """Keys sampled, the biggest of them, and the patterns' shares.

    `limits`: at most so many keys sampled (SCAN's order is that of the hash table: as good as
    random), and so many of the biggest kept.
    """
    sample, count = limits
    sizes, gentle = Sizes(), Gentle(instance.flush)
    with redis_errors(instance.name):
        for keys in _batches(client, sample, instance.flush.batch):
            with gentle.batch():
                _weigh(client, keys, sizes, (instance.keys, db, count))
        biggest = [_named(client, db, size, key) for size, key in sorted(sizes.biggest)[::-1]]
    total = sum(sizes.bytes.values()) or 1
    shares = tuple(
        PatternShare(
            pattern=pattern, keys=sizes.keys[pattern], bytes=size, share=round(size / total, 4)
        )
        for pattern, size in sizes.bytes.most_common()
    )
    return sizes.sampled, tuple(biggest), shares


def _batches(client: redis.Redis, sample: int, batch: int) -> Iterator[list[bytes]]:
    left = sample
    for keys in scan_batches(client, count=batch):
        yield keys[:left]
        left -= len(keys)
        if left <= 0:
            return


def _weigh(
    client: redis.Redis,
    keys: Sequence[bytes],
    sizes: Sizes,
    how: tuple[Sequence[KeyRule], int, int],
) -> None:
    rules, db, count = how
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.memory_usage(key, samples=_ELEMENTS)
    for key, size in zip(keys, pipeline.execute(), strict=True):
        if size is None:  # it expired in between
            continue
        sizes.sampled += 1
        rule = first_match(rules, db, key)
        pattern = rule.pattern if rule else ""
        sizes.keys[pattern] += 1
        sizes.bytes[pattern] += size
        (heapq.heappush if len(sizes.biggest) < count else heapq.heappushpop)(
            sizes.biggest, (size, key)
        )


def _named(client: redis.Redis, db: int, size: int, key: bytes) -> KeySize:
    kind: Any = client.type(key)
    return KeySize(db=db, key=printable(key), type=kind.decode(), bytes=size)


@step
def read_slow_log(client: redis.Redis, instance: Instance, count: int) -> tuple[SlowCommand, ...]:
    """The newest entries of the slow log, secrets masked."""
    with redis_errors(instance.name):
        entries: Any = client.slowlog_get(count)
    return tuple(slow_command(entry) for entry in entries)


@step
def read_clients(client: redis.Redis, instance: Instance) -> tuple[int, tuple[ClientLine, ...]]:
    """How many connections, and whose."""
    with redis_errors(instance.name):
        clients: Any = client.client_list()
    return len(clients), by_host(clients)
