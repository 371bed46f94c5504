"""Samples keys and their expiries."""

from collections.abc import Callable

import redis

from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.scan import scan_batches
from redis_dr.tasks.server.unlink import Gentle
from redis_dr.tasks.step import step

Add = Callable[[int, bytes, int], None]  # db, key, PTTL


@step
def sample_keys(client: redis.Redis, db: int, instance: Instance, at_most: int, add: Add) -> int:
    """Give up to `at_most` keys of the client's database to `add`; how many it were.

    SCAN's order is that of the hash table: as good as random. A key may come twice.
    """
    given, gentle = 0, Gentle(instance.flush)
    with redis_errors(instance.name):
        for batch in scan_batches(client, count=instance.flush.batch):
            keys = batch[: at_most - given]
            with gentle.batch():
                pipeline = client.pipeline(transaction=False)
                for key in keys:
                    pipeline.pttl(key)
                for key, ttl in zip(keys, pipeline.execute(), strict=True):
                    add(db, key, ttl)
            given += len(keys)
            if given >= at_most:
                break
    return given
