"""Removes what was derived from a document or a chunk, over the configured patterns."""

from collections.abc import Sequence

import redis

from redis_dr.tasks.model.cache.invalidation import Removal, Target, printable
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.unlink import remove_keys, remove_matching
from redis_dr.tasks.step import step


@step
def remove_targets(
    client: redis.Redis, found: Sequence[Target], instance: Instance, *, dry_run: bool
) -> tuple[Removal, ...]:
    """One removal a target. Never KEYS, never DEL: SCAN and UNLINK in batches."""
    with redis_errors(instance.name):
        return tuple(_remove(client, target, instance, dry_run=dry_run) for target in found)


def _remove(client: redis.Redis, target: Target, instance: Instance, *, dry_run: bool) -> Removal:
    removal = Removal(pattern=target.pattern)
    if target.key is None:

        def accept(key: bytes) -> bool:
            return target.regex.fullmatch(key) is not None

        return remove_matching(
            client, removal, (target.glob, accept), instance.flush, dry_run=dry_run
        )
    there = remove_keys(client, [target.key], dry_run=dry_run)
    sample = (printable(target.key),) if there else ()
    return removal.model_copy(
        update={"matched": there, "removed": 0 if dry_run else there, "sample": sample}
    )
