"""Removes many keys gently: SCAN and UNLINK in small batches, with pauses for everybody else."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from redis_dr.tasks.model.cache.invalidation import Removal, printable
from redis_dr.tasks.model.settings.cache import FlushSettings
from redis_dr.tasks.server.scan import scan_once


class Gentle:
    """Keeps our share of the server's time: after each batch a pause as long as it needs to be."""

    def __init__(self, settings: FlushSettings) -> None:
        self._settings = settings

    @contextmanager
    def batch(self) -> Iterator["Work"]:
        """Around one batch, which says in `removed` how many keys it removed."""
        work, begun = Work(), time.monotonic()
        yield work
        took = time.monotonic() - begun
        pause = took * (1 / self._settings.busy_share - 1)
        if self._settings.keys_per_second:
            pause = max(pause, work.removed / self._settings.keys_per_second - took)
        if pause > 0:
            time.sleep(pause)


@dataclass(slots=True)
class Work:
    """What one batch did."""

    removed: int = 0


def remove_matching(
    client: redis.Redis,
    removal: Removal,
    match: tuple[str, Callable[[bytes], bool]],
    settings: FlushSettings,
    *,
    dry_run: bool,
) -> Removal:
    """One pass over the client's database: count what matches, and remove it unless `dry_run`.

    `match` is the glob for the server and the exact test for here. UNLINK frees the memory of big
    values in the background; what expires in between counts as matched, not as removed.
    """
    glob, accept = match
    gentle = Gentle(settings)
    matched, removed, sample = 0, 0, list[str]()
    cursor = None
    while cursor != 0:
        with gentle.batch() as work:
            cursor, found = scan_once(client, cursor or 0, glob, settings.batch)
            keys = [key for key in found if accept(key)]
            matched += len(keys)
            sample += [printable(key) for key in keys[: settings.sample - len(sample)]]
            if keys and not dry_run:
                work.removed = client.unlink(*keys)
                removed += work.removed
    return removal.model_copy(
        update={"matched": matched, "removed": removed, "sample": tuple(sample)}
    )


def remove_keys(client: redis.Redis, keys: Sequence[bytes], *, dry_run: bool) -> int:
    """How many of these few keys exist; they are removed unless `dry_run`."""
    return int(client.exists(*keys) if dry_run else client.unlink(*keys))
