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

_ELEMENTS = 5  # MEMORY USAGE weighs so many elements of a big value and extrapolates: bounded time


@dataclass(frozen=True, slots=True)
class Sample:
    """Which keys are sampled. SCAN follows the hash table, so its order is as good as random."""

    db: int
    keys: int  # at most
    biggest: int  # how many of the biggest are kept


@dataclass(slots=True)
class Sizes:
    """The sizes seen so far."""

    rules: Sequence[KeyRule]
    sample: Sample
    sampled: int = 0
    biggest: list[tuple[int, bytes]] = field(default_factory=list)  # a heap
    keys: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class WeighedKeys:
    """The result of the sample."""

    sampled: int
    biggest: tuple[KeySize, ...]
    patterns: tuple[PatternShare, ...]


@step
def weigh_keys(client: redis.Redis, instance: Instance, sample: Sample) -> WeighedKeys:
    """Sample keys; give the biggest of them, and each pattern's share of the memory."""
    sizes, gentle = Sizes(instance.keys, sample), Gentle(instance.flush)
    with redis_errors(instance.name):
        for keys in _batches(client, sample.keys, instance.flush.batch):
            with gentle.batch():
                _weigh(client, keys, sizes)
        biggest = [
            _named(client, sample.db, size, key) for size, key in sorted(sizes.biggest)[::-1]
        ]
    total = sum(sizes.bytes.values()) or 1
    shares = tuple(
        PatternShare(
            pattern=pattern, keys=sizes.keys[pattern], bytes=size, share=round(size / total, 4)
        )
        for pattern, size in sizes.bytes.most_common()
    )
    return WeighedKeys(sizes.sampled, tuple(biggest), shares)


def _batches(client: redis.Redis, sample: int, batch: int) -> Iterator[list[bytes]]:
    left = sample
    for keys in scan_batches(client, count=batch):
        yield keys[:left]
        left -= len(keys)
        if left <= 0:
            return


def _weigh(client: redis.Redis, keys: Sequence[bytes], sizes: Sizes) -> None:
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.memory_usage(key, samples=_ELEMENTS)
    for key, size in zip(keys, pipeline.execute(), strict=True):
        if size is None:  # it expired in between
            continue
        sizes.sampled += 1
        rule = first_match(sizes.rules, sizes.sample.db, key)
        pattern = rule.pattern if rule else ""
        sizes.keys[pattern] += 1
        sizes.bytes[pattern] += size
        (heapq.heappush if len(sizes.biggest) < sizes.sample.biggest else heapq.heappushpop)(
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
