"""What content is usual: the sound backups since a person last accepted a change. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from redis_dr.tasks.model.backup.drift import content_drift, emptied
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.origin import UNKNOWN, Origin, origin_id
from redis_dr.tasks.model.catalog.accepted import Acceptance
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.settings.instance import Instance


def usual_backups(
    catalog: Catalog, before: datetime, origin: Origin | None = None
) -> list[Manifest]:
    """The backups that define what is usual for an origin at that moment, newest first.

    Suspicious ones and safety backups never count. The newest accepted backup is the oldest that
    counts: with it the usual changed. Another origin's content counts only where the origin has
    none of its own: an instance that moved is compared with what it was.
    """
    usual = []
    own = catalog.of_origins({origin_id(origin), UNKNOWN})
    for manifest in own.sound or catalog.sound:
        if catalog.moment(manifest) < before:
            usual.append(manifest)
            if manifest.backup_id in catalog.accepted:
                break
    return usual


def rejudge(
    manifests: Sequence[Manifest], accepted: Mapping[str, Acceptance], instance: Instance
) -> dict[str, tuple[str, ...]]:
    """Backup id -> reasons, where the history judges a backup other than its manifest does.

    * An accepted backup is usual. A later one that was judged before that was known is compared
      with the usual since then.
    * A backup without a key to restore is suspicious where one before it had some, whatever its
      manifest says: older releases let the alarm clear itself.
    """
    rejudged: dict[str, tuple[str, ...]] = {}
    since: list[Manifest] = []  # all regular ones since the newest acceptance
    usual: list[Manifest] = []  # the sound ones of them
    acceptance: Acceptance | None = None
    for manifest in sorted(manifests, key=lambda one: (one.made_at, one.backup_id)):
        if manifest.is_safety:
            continue
        if manifest.backup_id in accepted:
            acceptance, since, usual = accepted[manifest.backup_id], [], []
            reasons: tuple[str, ...] = ()
        else:
            reasons = manifest.suspicious
            if acceptance and manifest.made_at < acceptance.at:
                own = [one for one in usual if _same_origin(one, manifest)]
                reasons = content_drift(manifest, own or usual, instance)
            reasons = reasons or emptied(manifest, since[::-1], instance)
        if reasons != manifest.suspicious:
            rejudged[manifest.backup_id] = reasons
        since.append(manifest)
        if not reasons:
            usual.append(manifest)
    return rejudged


def content_alarm(catalog: Catalog, instance: Instance) -> tuple[str, ...]:
    """Why the newest regular backup looks wrong today; () when it is usual or accepted."""
    newest = next(iter(catalog.regular), None)
    if newest is None or newest.backup_id in catalog.accepted:
        return ()
    reasons = catalog.suspicious(newest)
    usual = usual_backups(catalog, catalog.moment(newest), newest.origin)
    return reasons or content_drift(newest, usual, instance)


def _same_origin(one: Manifest, other: Manifest) -> bool:
    return UNKNOWN in (ids := {origin_id(one.origin), origin_id(other.origin)}) or len(ids) == 1
