"""How warm the cache is: which answers it holds, and the hit ratio of all clients."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import redis
from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.cache.queries import cache_key
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.info import server_info
from redis_dr.tasks.server.scan import count_matching
from redis_dr.tasks.step import step

_BATCH = 500


class CacheState(BaseModel):
    """One look at the server."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    keys: int  # of the counted patterns
    hits: int  # keyspace hits since the server's start
    misses: int


@step
def look_at_cache(client: redis.Redis, instance: Instance) -> CacheState:
    """Count the keys of `[warm] counts` by SCAN, and read the server's hits and misses."""
    rules = [KeyRule(pattern=pattern) for pattern in instance.warm.counts]
    with redis_errors(instance.name):
        info = server_info(client)
        keys = count_matching(client, rules)
    return CacheState(keys=keys, hits=info.keyspace_hits, misses=info.keyspace_misses)


class CachedAnswers:
    """Tells which queries have their answer in the cache. Thread-safe.

    Its own lookups count as hits and misses on the server; `hits` and `misses` say how many.
    """

    def __init__(self, client: redis.Redis, instance_name: str, template: str) -> None:
        self._client, self._name, self._template = client, instance_name, template
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    def __call__(self, texts: Sequence[str]) -> list[bool]:
        """One EXISTS a text, in batches."""
        found: list[bool] = []
        for start in range(0, len(texts), _BATCH):
            found += self._look(texts[start : start + _BATCH])
        with self._lock:
            self.hits += sum(found)
            self.misses += len(found) - sum(found)
        return found

    def _look(self, texts: Sequence[str]) -> list[bool]:
        with redis_errors(self._name):
            pipeline = self._client.pipeline(transaction=False)
            for text in texts:
                pipeline.exists(cache_key(self._template, text))
            return [bool(answer) for answer in pipeline.execute()]


@dataclass(frozen=True, slots=True)
class Lookups:
    """Lookups of keys, counted by their outcome."""

    hits: int = 0
    misses: int = 0


def hit_ratio(before: CacheState, after: CacheState, own: Lookups = Lookups()) -> float | None:
    """The ratio of the lookups in between, without our `own`; None when there were none."""
    hits = after.hits - before.hits - own.hits
    lookups = hits + after.misses - before.misses - own.misses
    # a restart in between resets the counters: then the ratio is unknown
    return round(hits / lookups, 4) if lookups > 0 and 0 <= hits <= lookups else None
