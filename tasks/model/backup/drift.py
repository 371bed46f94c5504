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


@dataclass(frozen=True, slots=True)
class Content:
    """What a backup holds, before its manifest is written."""

    created_at: datetime
    databases: Mapping[int, DatabaseInventory]
    patterns: tuple[PatternInventory, ...]


def content_drift(
    backup: Manifest | Content, recent: Sequence[Manifest], instance: Instance
) -> tuple[str, ...]:
    """Why this backup looks wrong against those before it, newest of them first; () if it does not.

    Databases and patterns that a restore leaves empty anyway are not looked at.
    """
    rules = instance.drift
    before = [one for one in recent if one.created_at < backup.created_at]
    before.sort(key=lambda one: one.created_at, reverse=True)
    before = before[: rules.of_last]
    now = _counts(backup, instance)
    past = [_counts(one, instance) for one in before]
    reasons = []
    for name in _names(past):
        usual = median(counts.get(name, 0) for counts in past)
        found = now.get(name, 0)
        if usual >= rules.at_least and found < usual * (1 - rules.max_fall):
            reasons.append(f"{name}: {found} keys, usually {usual:g}")
    return tuple(reasons)


def _counts(backup: Manifest | Content, instance: Instance) -> dict[str, int]:
    """Keys by database and by pattern, of what a restore would bring back."""
    watched = {db for db in backup.databases if instance.database(db).on_restore != "empty"}
    dropped = {(rule.db, rule.pattern) for rule in instance.keys if rule.action == "drop"}
    counts = {f"DB {db}": backup.databases[db].keys for db in watched}
    for one in backup.patterns:
        if one.db in watched and (one.db, one.pattern) not in dropped and one.pattern:
            counts[f"{one.pattern} in DB {one.db}"] = one.keys
    return counts


def _names(counts: Iterable[dict[str, int]]) -> list[str]:
    return sorted({name for one in counts for name in one})
