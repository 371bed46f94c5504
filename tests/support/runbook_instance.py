"""Fixtures: one Redis for a folder, reset before each test, with the runbook's keys on demand.

A conftest imports those that its folder needs.
"""

from collections.abc import Iterator
from typing import Any

import docker
import pytest

from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer, start_redis

RUNBOOK = (
    *("--appendonly", "yes", "--save", "900 1 300 10 60 10000"),
    *("--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"),
)

KEYS = [
    {"pattern": "doc:cache:{doc_id}", "ttl": 3600},
    {"pattern": "doc:embeddings:{doc_id}:{chunk_id}", "ttl": 86400},
    {"pattern": "query:cache:{query_hash}", "ttl": 1800},
    {"pattern": "expansion:candidates:{chunk_id}", "ttl": 3600},
    {"pattern": "lock:ingest:{doc_id}", "ttl": 300, "on_restore": "drop"},
    {"pattern": "queue:ingest:pending"},
    {
        "pattern": "queue:ingest:processing",
        "ttl": 3600,
        "on_restore": "requeue:queue:ingest:pending",
    },
    {"pattern": "metrics:{name}:total"},
    {"pattern": "ratelimit:{client_ip}:{endpoint}", "ttl": 60, "on_restore": "drop"},
]
DATABASES = {
    "0": {"purpose": "Production cache & locks", "flush": "after-backup"},
    "1": {"purpose": "Test data", "on_restore": "empty", "flush": "free"},
    "2": {"purpose": "Session/temporary data", "on_restore": "empty", "flush": "confirm"},
}


@pytest.fixture(scope="package")
def server(docker_client: docker.DockerClient) -> Iterator[RedisServer]:
    started = start_redis(docker_client, args=RUNBOOK)
    yield started
    started.remove()


@pytest.fixture
def clean(server: RedisServer) -> RedisServer:
    client = server.client()
    client.flushall()
    client.config_resetstat()
    client.slowlog_reset()
    return server


@pytest.fixture
def instance(clean: RedisServer) -> Any:
    return instance_of(
        clean,
        keys=KEYS,
        databases=DATABASES,
        flush={"busy_share": 1},
        health={"latency_ms": 5000},  # the tests' machine may be busy
    )


@pytest.fixture
def filled(clean: RedisServer) -> RedisServer:
    """The runbook's keys: 30 documents of 4 chunks in DB 0, test data in DB 1, sessions in DB 2."""
    pipeline = clean.client().pipeline(transaction=False)
    for doc in range(30):
        pipeline.set(f"doc:cache:doc-{doc}", "cached", ex=3600)
        pipeline.set(f"lock:ingest:doc-{doc}", "held", ex=300)
        for chunk in range(4):
            pipeline.set(f"doc:embeddings:doc-{doc}:chunk-{doc}-{chunk}", "vector", ex=86400)
            pipeline.sadd(f"expansion:candidates:chunk-{doc}-{chunk}", "a", "b")
            pipeline.expire(f"expansion:candidates:chunk-{doc}-{chunk}", 3600)
        pipeline.set(f"query:cache:{doc:016x}", "answer", ex=1800)
        pipeline.incr(f"ratelimit:10.0.0.{doc}:search")
        pipeline.expire(f"ratelimit:10.0.0.{doc}:search", 60)
    pipeline.rpush("queue:ingest:pending", "doc-1", "doc-2")
    pipeline.rpush("queue:ingest:processing", "doc-3")
    pipeline.expire("queue:ingest:processing", 3600)
    pipeline.set("metrics:queries:total", 7)
    pipeline.execute()
    for db, prefix, ttl in ((1, "test:item", None), (2, "session", 900)):
        pipeline = clean.client(db).pipeline(transaction=False)
        for number in range(25):
            pipeline.set(f"{prefix}:{number}", "x", ex=ttl)
        pipeline.execute()
    return clean
