"""Which backup is meant."""

import secrets

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.errors import RedisDrError, UsageError


def choose(catalog: Catalog, which: str) -> Manifest:
    """The backup of this ID, the "latest" that is not suspicious, or a "random" one.

    Raises UsageError when there is none, and the reason why a named one cannot be read.
    """
    if which in catalog.unreadable:
        raise catalog.unreadable[which]
    if not catalog.manifests:
        raise _no_backups(catalog)
    if which == "random":
        return secrets.choice(catalog.manifests)
    if which == "latest":
        return _latest(catalog)
    for manifest in catalog.manifests:
        if manifest.backup_id == which:
            return manifest
    raise UsageError(
        f"there is no backup {which!r} of {catalog.instance} in {catalog.address}",
        "`redis-dr list` shows what there is",
    )


def _latest(catalog: Catalog) -> Manifest:
    for manifest in catalog.manifests:
        # a safety backup holds what a restore replaced: it comes back by name only
        if not manifest.suspicious and not manifest.is_safety:
            return manifest
    raise UsageError(
        f"every backup of {catalog.instance} in {catalog.address} looks suspicious, or holds what "
        "a restore replaced",
        "look at them with `redis-dr show ID`, then name the one to use",
    )


def _no_backups(catalog: Catalog) -> RedisDrError:
    if catalog.unreadable:
        return next(iter(catalog.unreadable.values()))
    return UsageError(
        f"{catalog.instance} has no backups in {catalog.address}",
        "make one with `redis-dr backup`, or correct store.url",
    )
