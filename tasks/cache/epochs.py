"""Reads and raises the epoch counters, as the existing tools of the runbook's owners do.

{namespace}:doc_epoch and :chunk_epoch are hashes raised by HINCRBY, :global_epoch is raised by
INCR. An answer that got lost is asked for again, so a bump may raise by two: never by none.
"""

from collections.abc import Sequence
from typing import Any

import redis

from redis_dr.tasks.model.cache.epochs import Epoch
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.step import step

Wanted = Sequence[tuple[str, str | None]]  # (doc | chunk | global, id or None)


@step
def read_epochs(client: redis.Redis, instance: Instance, wanted: Wanted) -> tuple[Epoch, ...]:
    """The counters' values; 0 for one that was never raised."""
    with redis_errors(instance.name):
        pipeline = client.pipeline(transaction=False)
        for kind, name in wanted:
            key = _key(instance, kind)
            _ = pipeline.get(key) if name is None else pipeline.hget(key, name)
        values = pipeline.execute()
    return tuple(
        Epoch(kind=kind, id=name, value=int(value or 0))
        for (kind, name), value in zip(wanted, values, strict=True)
    )


@step
def bump_epochs(client: redis.Redis, instance: Instance, wanted: Wanted) -> tuple[Epoch, ...]:
    """Raise each counter by one, all of them or none (MULTI)."""
    with redis_errors(instance.name):
        pipeline = client.pipeline(transaction=True)
        for kind, name in wanted:
            key = _key(instance, kind)
            _ = pipeline.incr(key) if name is None else pipeline.hincrby(key, name, 1)
        values = pipeline.execute()
    return tuple(
        Epoch(kind=kind, id=name, value=value, before=value - 1)
        for (kind, name), value in zip(wanted, values, strict=True)
    )


def count_epochs(client: redis.Redis, instance: Instance) -> tuple[int, int]:
    """How many documents and chunks have an epoch."""
    with redis_errors(instance.name):
        documents: Any = client.hlen(_key(instance, "doc"))
        chunks: Any = client.hlen(_key(instance, "chunk"))
    return documents, chunks


def _key(instance: Instance, kind: str) -> str:
    documents, chunks = instance.epochs.hashes
    return {"doc": documents, "chunk": chunks, "global": instance.epochs.counter}[kind]
