"""Fill a Redis with the runbook's kinds of keys: caches, locks, queues, counters, sessions.

The same size and seed give the same keys and values, of every type, with the runbook's TTLs.
"""

import json
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import redis

Value = bytes | list[bytes] | set[bytes] | dict[bytes, bytes] | dict[bytes, float]
WORDS = (
    *("cluster", "volume", "snapshot", "replica", "mount", "network"),
    *("policy", "storage", "index", "node", "driver", "path"),
)
_BATCH = 1_000  # commands in one round trip


@dataclass(frozen=True, slots=True)
class Record:
    """One key. `kind` is what TYPE answers."""

    db: int
    key: str
    kind: str  # string, list, set, hash, zset, stream
    value: Any
    ttl: int | None = None  # seconds; None: persistent


def fill(
    connect: Callable[[int], redis.Redis], size: int = 52_000, seed: int = 7
) -> dict[int, int]:
    """Write `size` keys through one client a database. Returns the keys per database."""
    written: Counter[int] = Counter()
    for db, of_db in groupby(records(size, seed), key=lambda record: record.db):
        with connect(db) as client:
            while batch := list(islice(of_db, _BATCH)):
                pipeline = client.pipeline(transaction=False)
                for record in batch:
                    _write(pipeline, record)
                pipeline.execute()
                written[db] += len(batch)
    return dict(written)


def records(size: int = 52_000, seed: int = 7) -> Iterator[Record]:
    """Exactly `size` keys: 86 % in DB 0, 8 % test data in DB 1, 6 % sessions in DB 2.

    They come database by database. Raises ValueError below 200 keys.
    """
    if size < 200:
        raise ValueError(f"the runbook's kinds of keys need at least 200 keys, not {size}")
    source = random.Random(seed)  # noqa: S311 invented data, not secrets
    fixed = [*_queues(source), *_counters(), *_epochs(source), *_locks(source), _events(source)]
    tests, sessions = size * 8 // 100, size * 6 // 100
    yield from fixed
    yield from islice(_caches(source), size - tests - sessions - len(fixed))
    yield from (_test_data(source, number) for number in range(tests))
    yield from (_session(source, number) for number in range(sessions))


def _caches(source: random.Random) -> Iterator[Record]:
    """Without end: for each document its cache, its chunks, and the queries that hit it."""
    number = 0
    while True:
        doc, query = f"doc-{number:06}", f"{source.getrandbits(128):032x}"
        chunks = [f"{doc}-c{chunk}" for chunk in range(4)]
        yield Record(0, f"doc:cache:{doc}", "string", _document(source, doc), 3_600)
        for chunk in chunks:
            yield Record(0, f"doc:embeddings:{doc}:{chunk}", "string", _embedding(source), 86_400)
            yield Record(0, f"expansion:candidates:{chunk}", "set", _members(source, "c"), 3_600)
        scores = {chunk.encode(): round(source.random(), 6) for chunk in chunks}
        yield Record(0, f"query:cache:{query}", "string", _document(source, query), 1_800)
        yield Record(0, f"query:results:{query}", "hash", _fields(source), 1_800)
        yield Record(0, f"fusion:rrf:{query}", "zset", scores, 900)
        yield Record(0, f"fusion:weighted:{query}", "zset", scores, 900)
        number += 1


def _queues(source: random.Random) -> list[Record]:
    jobs = [_document(source, f"job-{number}") for number in range(60)]
    return [
        Record(0, "queue:ingest:pending", "list", jobs[:30]),
        Record(0, "queue:ingest:processing", "list", jobs[30:36], 3_600),
        Record(0, "queue:ingest:failed", "list", jobs[36:40], 86_400),
        *(
            Record(0, f"queue:retry:{1_761_838_000 + number}", "list", jobs[40 + number :], 7_200)
            for number in range(8)
        ),
    ]


def _counters() -> list[Record]:
    names = ("ingestion:total", "queries:total", "cache:hits", "cache:misses")
    totals = [Record(0, f"metrics:{name}", "string", b"%d" % (len(name) * 997)) for name in names]
    clients = [
        Record(0, f"ratelimit:10.0.0.{host}:search", "string", b"3", 60) for host in range(16)
    ]
    return [*totals, *clients, Record(0, "ratelimit:global:search", "string", b"48", 60)]


def _epochs(source: random.Random) -> list[Record]:
    documents = {
        f"doc-{number:06}".encode(): b"%d" % source.randrange(1, 9) for number in range(40)
    }
    chunks = {name + b"-c0": epoch for name, epoch in documents.items()}
    return [
        Record(0, "rag:v1:doc_epoch", "hash", documents),
        Record(0, "rag:v1:chunk_epoch", "hash", chunks),
        Record(0, "rag:v1:global_epoch", "string", b"17"),
    ]


def _locks(source: random.Random) -> Iterator[Record]:
    for number in range(12):
        owner = b"worker-%d" % source.randrange(8)
        yield Record(0, f"lock:ingest:doc-{number:06}", "string", owner, 300)
        yield Record(0, f"lock:processing:doc-{number:06}", "string", owner, 600)
    yield Record(0, "lock:write:neo4j:entity-1", "string", b"worker-1", 30)
    yield Record(0, "lock:write:qdrant:chunks", "string", b"worker-2", 30)


def _events(source: random.Random) -> Record:
    """A stream: no pattern of the runbook names it, so it shows how such keys fare."""
    entries = [_fields(source) for _ in range(25)]
    return Record(0, "events:ingestion", "stream", entries)


def _test_data(source: random.Random, number: int) -> Record:
    kinds: Mapping[str, Callable[[], Value]] = {
        "string": lambda: _embedding(source),
        "hash": lambda: _fields(source),
        "set": lambda: _members(source, "t"),
        "zset": lambda: {word.encode(): float(at) for at, word in enumerate(WORDS)},
        "list": lambda: [word.encode() for word in WORDS],
    }
    kind = list(kinds)[number % len(kinds)]
    return Record(1, f"test:{kind}:{number}", kind, kinds[kind](), None if number % 3 else 3_600)


def _session(source: random.Random, number: int) -> Record:
    return Record(2, f"session:{number:06}", "hash", _fields(source), source.randrange(600, 3_600))


def _document(source: random.Random, name: str) -> bytes:
    text = " ".join(source.choices(WORDS, k=12))
    return json.dumps({"id": name, "text": text, "score": source.random()}).encode()


def _embedding(source: random.Random) -> bytes:
    return struct.pack("<16f", *(source.gauss(0, 1) for _ in range(16)))


def _members(source: random.Random, prefix: str) -> set[bytes]:
    return {f"{prefix}{number}".encode() for number in source.sample(range(100_000), 5)}


def _fields(source: random.Random) -> dict[bytes, bytes]:
    return {word.encode(): b"%d" % source.randrange(10**6) for word in source.sample(WORDS, 4)}


def _write(pipeline: Any, record: Record) -> None:
    key, value = record.key, record.value
    match record.kind:
        case "string":
            pipeline.set(key, value, ex=record.ttl)
        case "list":
            pipeline.rpush(key, *value)
        case "set":
            pipeline.sadd(key, *sorted(value))
        case "hash":
            pipeline.hset(key, mapping=value)
        case "zset":
            pipeline.zadd(key, value)
        case "stream":
            for entry in value:
                pipeline.xadd(key, entry)
    if record.ttl and record.kind != "string":
        pipeline.expire(key, record.ttl)
