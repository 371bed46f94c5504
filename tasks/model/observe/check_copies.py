"""What `check` sees of a store that holds copies: it answers, is up to date, and proven. Pure."""

from datetime import datetime, timedelta

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.report import Finding

_CARRIED_WITHIN = timedelta(hours=1)  # a backup of this age may still be on its way


def judge_copy(address: str, copy: Catalog, source: Catalog, now: datetime) -> Finding:
    """One store of `store.copies` against the store itself.

    A copy was read back when it was made (its manifest is written last); so a drill of the
    original, or of the copy, proves it.
    """
    newest = next(iter(source.regular), None)
    ids = {one.backup_id for one in copy.manifests}
    problems = []
    if newest and newest.backup_id not in ids and now - source.moment(newest) > _CARRIED_WITHIN:
        problems.append(f"behind: {newest.backup_id} is missing, {_held(copy)}")
    if not any(_proven(one, copy, source) for one in copy.manifests):
        problems.append("none of its backups is proven")
    if copy.unreadable:
        problems.append(f"cannot be read: {', '.join(sorted(copy.unreadable)[-3:])}")
    return Finding(
        check=f"copy in {address}",
        ok=not problems,
        expected="the newest backup, and a proven one",
        actual="; ".join(problems) or f"{len(ids)} backups",
        detail="redis-dr copy latest-proven, redis-dr copy latest" if problems else "",
    )


def _held(copy: Catalog) -> str:
    return f"its newest is {copy.regular[0].backup_id}" if copy.regular else "it holds none"


def _proven(manifest: Manifest, copy: Catalog, source: Catalog) -> bool:
    proven = {one.backup_id for catalog in (source, copy) for one in catalog.proven}
    return manifest.backup_id in proven and not copy.disproven(manifest.backup_id)
