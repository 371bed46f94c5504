"""Listens to MONITOR for a bounded time and number of commands: raw, it can halve throughput."""

import time
from typing import Any

import redis

from redis_dr.tasks.model.observe.monitor import Tally
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.step import step


@step
def listen(client: redis.Redis, instance: Instance, seconds: float, limit: int) -> Tally:
    """Count what goes through for `seconds`, at most `limit` commands; then hang up at once."""
    tally = Tally(instance.keys)
    end = time.monotonic() + seconds
    listening: Any = client.monitor  # redis-py left its types out
    with redis_errors(instance.name), listening() as monitor:
        connection = monitor.connection
        while tally.seen < limit:
            left = end - time.monotonic()
            if left <= 0 or not connection.can_read(timeout=left):
                break
            line = connection.read_response(disable_decoding=True)
            tally.add(line if isinstance(line, bytes) else str(line).encode())
    return tally
