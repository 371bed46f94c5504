"""Asks the server how it is."""

import time

import redis

from redis_dr.tasks.model.observe.health import Latency, latency_of
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.info import server_info
from redis_dr.tasks.step import step

_PINGS = 200  # so that one hiccup of this machine is not yet the 99th percentile


@step
def look_at_health(client: redis.Redis, instance: Instance) -> tuple[ServerInfo, Latency | None]:
    """INFO and the latency of some pings; no latency while it loads (facts/redis.md 13)."""
    with redis_errors(instance.name):
        info = server_info(client)
        return info, None if info.loading else _latency(client)


def _latency(client: redis.Redis) -> Latency:
    took = []
    for _ in range(_PINGS):
        begun = time.perf_counter()
        client.ping()
        took.append((time.perf_counter() - begun) * 1000)
    return latency_of(took)
