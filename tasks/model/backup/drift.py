"""The content drift alarm: does a new backup hold far less than the last ones did?

A backup of a database that somebody flushed is stored all the same, but it must not silently
become "latest", and retention must not remove the good ones because of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from redis_dr.tasks.model.backup.inventory import DatabaseInventory, PatternInventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.settings.instance import Instance

_LEFT_OUT = ("drop", "keep")  # actions of key rules that take nothing out of the backup


@dataclass(frozen=True, slots=True)
class Content:
    """What a backup holds, before its manifest is written."""

    made_at: datetime  # UTC, by the store's clock
    databases: Mapping[int, DatabaseInventory]
    patterns: tuple[PatternInventory, ...]


def content_drift(
    backup: Manifest | Content, usual: Sequence[Manifest], instance: Instance
) -> tuple[str, ...]:
    """Why this backup looks wrong against the usual ones before it; () if it does not.

    Databases and patterns that a restore leaves empty anyway are not looked at. Content that could
    not be counted is not judged.
    """
    rules = instance.drift
    now = _counts(backup, instance)
    before = [one for one in usual if one.made_at < backup.made_at]
    before.sort(key=lambda one: one.made_at, reverse=True)
    past = [counts for one in before if (counts := _counts(one, instance)) is not None]
    if now is None:
        return ()
    past = past[: rules.of_last]
    reasons = []
    for name in _names(past):
        median_keys = median(counts.get(name, 0) for counts in past)
        keys = now.get(name, 0)
        if median_keys >= rules.at_least and keys < median_keys * (1 - rules.max_fall):
            reasons.append(f"{name}: {keys} keys, usually {median_keys:g}")
    return tuple(reasons) or emptied(backup, before, instance)


def emptied(
    backup: Manifest | Content, before: Sequence[Manifest], instance: Instance
) -> tuple[str, ...]:
    """The reason when a backup restores no key and one before it did, however few they were."""
    if restored_keys(backup, instance) != 0:
        return ()
    for manifest in before:
        if keys := restored_keys(manifest, instance):
            return (f"it has no key to restore; {manifest.backup_id} has {keys}",)
    return ()


def restored_keys(backup: Manifest | Content, instance: Instance) -> int | None:
    """Keys that a restore brings back out of this backup; None when nobody could count them."""
    if not _counted(backup):
        return None
    restored = {db for db in backup.databases if instance.database(db).on_restore == "restore"}
    dropped = {(rule.db, rule.pattern) for rule in instance.keys if rule.action in _LEFT_OUT}
    keys = sum(backup.databases[db].keys for db in restored)
    return keys - sum(
        one.keys
        for one in backup.patterns
        if one.db in restored and (one.db, one.pattern) in dropped
    )


def _counted(backup: Manifest | Content) -> bool:
    return not (isinstance(backup, Manifest) and backup.inventory_missing)


def _counts(backup: Manifest | Content, instance: Instance) -> dict[str, int] | None:
    """Keys by database and by pattern, of what a restore would bring back; None: not counted."""
    if not _counted(backup):
        return None
    watched = {db for db in backup.databases if instance.database(db).on_restore != "empty"}
    dropped = {(rule.db, rule.pattern) for rule in instance.keys if rule.action == "drop"}
    counts = {f"DB {db}": backup.databases[db].keys for db in watched}
    for one in backup.patterns:
        if one.db in watched and (one.db, one.pattern) not in dropped and one.pattern:
            counts[f"{one.pattern} in DB {one.db}"] = one.keys
    return counts


def _names(counts: Iterable[dict[str, int]]) -> list[str]:
    return sorted({name for one in counts for name in one})
