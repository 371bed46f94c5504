"""Which backups stay, and why: a pure plan. Nothing here deletes, and nothing reads a clock."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.origin import UNKNOWN, origin_id
from redis_dr.tasks.model.catalog.catalog import Catalog, Unfinished
from redis_dr.tasks.model.settings.retention import RetentionSettings


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that stays, with every reason for it."""

    backup_id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """A backup that goes."""

    backup_id: str
    reason: str
    stored_size: int  # bytes that become free


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What prune would do. While `frozen` says why, nothing of `removed` may be done."""

    kept: tuple[Kept, ...]
    removed: tuple[Removed, ...]
    orphans: tuple[Unfinished, ...]  # files of runs that died, past the grace time
    frozen: tuple[str, ...]


def plan_retention(
    catalog: Catalog, policy: RetentionSettings, now: datetime, drift: Sequence[str] = ()
) -> RetentionPlan:
    """Keep what a rule, a person or a running operation wants kept.

    A suspicious backup, one that failed its last proof, one whose date is wrong, and the safety
    backup of a restore fill no place of a better one: the rules are applied to all backups, to
    those with a date that can be, and to the sound ones alone, and whatever any of them keeps
    stays. Each origin is counted for itself.
    `drift` is what content_alarm says of the newest backup.
    """
    reasons: dict[str, list[str]] = {manifest.backup_id: [] for manifest in catalog.manifests}
    for group in _groups(catalog):
        for backup_id, reason in _by_rules(group, catalog.moment, policy):
            if reason not in reasons[backup_id]:
                reasons[backup_id].append(reason)
    for backup_id, reason in _protected(catalog, now):
        reasons[backup_id].append(reason)
    sizes = {manifest.backup_id: manifest.stored_size for manifest in catalog.manifests}
    return RetentionPlan(
        kept=tuple(Kept(one, tuple(why)) for one, why in reasons.items() if why),
        removed=tuple(
            Removed(one, "no rule keeps it", sizes[one]) for one, why in reasons.items() if not why
        ),
        orphans=tuple(_orphans(catalog, now - timedelta(hours=policy.orphan_grace_hours), now)),
        frozen=tuple(_freezing(catalog, drift)),
    )


_UNITS: tuple[tuple[str, str, Callable[[datetime], str]], ...] = (
    ("keep_hourly", "hour", lambda at: f"{at:%Y-%m-%dT%H}"),
    ("keep_daily", "day", lambda at: f"{at:%Y-%m-%d}"),
    ("keep_weekly", "week", lambda at: f"{at:%G-W%V}"),  # ISO weeks, Monday to Sunday
    ("keep_monthly", "month", lambda at: f"{at:%Y-%m}"),
    ("keep_yearly", "year", lambda at: f"{at:%Y}"),
)


def _groups(catalog: Catalog) -> Iterator[Sequence[Manifest]]:
    """Backups that compete for the same places, newest first.

    A backup of unknown origin competes with those of every origin: it belongs to the history of
    one of them, and leaves with it.
    """
    origins = dict.fromkeys(origin_id(one.origin) for one in catalog.manifests)
    for origin in [name for name in origins if name != UNKNOWN] or [UNKNOWN]:
        own = catalog.of_origins({origin, UNKNOWN})
        yield own.manifests
        yield [one for one in own.manifests if one.backup_id not in own.misdated]
        yield [one for one in own.sound if not own.disproven(one.backup_id)]


def _by_rules(
    newest_first: Sequence[Manifest],
    moment: Callable[[Manifest], datetime],
    policy: RetentionSettings,
) -> Iterator[tuple[str, str]]:
    """The newest ones, and the newest one of each of the last calendar units that have any."""
    for manifest in newest_first[: policy.keep_last]:
        yield manifest.backup_id, f"one of the last {policy.keep_last}"
    for setting, unit, name in _UNITS:
        seen: set[str] = set()
        for manifest in newest_first:
            period = name(moment(manifest).astimezone(UTC))
            if len(seen) < getattr(policy, setting) and period not in seen:
                seen.add(period)
                yield manifest.backup_id, f"newest of the {unit} {period}"


def _protected(catalog: Catalog, now: datetime) -> Iterator[tuple[str, str]]:
    known = {manifest.backup_id for manifest in catalog.manifests}
    restored = [manifest for manifest in catalog.manifests if catalog.proven_at(manifest.backup_id)]
    for manifest in catalog.proven[:1]:
        yield manifest.backup_id, "the newest proven backup"
    # a safety backup or a suspicious one takes nobody's place, and it is not lost either
    for manifest in [one for one in restored[:1] if one not in catalog.proven[:1]]:
        yield manifest.backup_id, "the newest backup of any kind that was proven"
    for backup_id in sorted(known & catalog.pinned):
        yield backup_id, "pinned"
    for backup_id in sorted(known & catalog.in_use.keys()):
        if catalog.in_use[backup_id] > now:
            yield backup_id, "a running operation reads it"


def _freezing(catalog: Catalog, drift: Sequence[str]) -> Iterator[str]:
    """Reasons to doubt the newest backup: then the older ones are the only good ones."""
    newest = next(iter(catalog.regular), None)
    for backup_id, error in sorted(catalog.unreadable.items()):
        if newest is None or catalog.moment_of_unreadable(backup_id) > catalog.moment(newest):
            yield f"the newer backup {backup_id} cannot be used: {error.problem}"
    if newest is None:
        return
    for reason in dict.fromkeys((*catalog.suspicious(newest), *drift)):
        yield f"the newest backup {newest.backup_id} looks wrong: {reason}"
    state = catalog.proof_state(newest.backup_id)
    if state.word == "disproven":
        yield f"the newest backup {newest.backup_id} failed its last proof: {state.why}"


def _orphans(catalog: Catalog, before: datetime, now: datetime) -> Iterator[Unfinished]:
    for backup in catalog.unfinished:
        used = catalog.in_use.get(backup.backup_id, now) > now
        if backup.newest < before and not used and backup.backup_id not in catalog.pinned:
            yield backup
