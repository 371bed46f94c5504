"""Empties a database, everything, or the keys of a pattern; and counts, before and in the act."""

from typing import Any

import redis

from redis_dr.tasks.model.cache.invalidation import Removal
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.cache import FlushSettings
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.info import server_info
from redis_dr.tasks.server.unlink import remove_matching
from redis_dr.tasks.step import step

# with save points on, FLUSHALL writes an empty dump.rdb at once, ASYNC too (facts/redis.md 15)
FLUSHALL_NOTE = (
    "FLUSHALL rewrote dump.rdb with the empty set at once: what is on the volume protects nothing "
    "now, only the backup does"
)
ACCEPT_NOTE = (
    "the next backup may look suspicious, because it holds far less: then retention waits, and "
    "`redis-dr accept ID --reason TEXT` makes it usual"
)


@step
def look_at_server(client: redis.Redis, instance: Instance) -> ServerInfo:
    """INFO: which databases hold keys, and how many."""
    with redis_errors(instance.name):
        return server_info(client)


@step
def flush_database(client: redis.Redis, instance: Instance) -> tuple[int, int]:
    """FLUSHDB ASYNC of the client's database; keys (before, after), counted in the same moment."""
    with redis_errors(instance.name):
        pipeline = client.pipeline(transaction=True)
        pipeline.dbsize()
        pipeline.flushdb(asynchronous=True)
        pipeline.dbsize()
        before, _flushed, after = pipeline.execute()
    return int(before), int(after)


@step
def flush_everything(client: redis.Redis, instance: Instance) -> tuple[int, int]:
    """FLUSHALL ASYNC; keys of all databases (before, after), counted in the same moment."""
    with redis_errors(instance.name):
        pipeline = client.pipeline(transaction=True)
        pipeline.info("keyspace")
        pipeline.flushall(asynchronous=True)
        pipeline.info("keyspace")
        before, _flushed, after = pipeline.execute()
    return _keys(before), _keys(after)


@step
def look_at_pattern(client: redis.Redis, pattern: str, instance: Instance) -> Removal:
    """How many keys match the glob, and some of them. Removes nothing."""
    with redis_errors(instance.name):
        return _pass_over(client, pattern, instance.flush, dry_run=True)


@step
def flush_pattern(client: redis.Redis, pattern: str, instance: Instance) -> Removal:
    """UNLINK every key that matches the glob, in batches, at the configured pace."""
    with redis_errors(instance.name):
        return _pass_over(client, pattern, instance.flush, dry_run=False)


def _pass_over(
    client: redis.Redis, pattern: str, settings: FlushSettings, *, dry_run: bool
) -> Removal:
    # the server's own glob is the exact test here: it is what the user wrote
    match = (pattern, lambda _key: True)
    return remove_matching(client, Removal(pattern=pattern), match, settings, dry_run=dry_run)


def _keys(keyspace: dict[str, Any]) -> int:
    return sum(int(database["keys"]) for database in keyspace.values())
