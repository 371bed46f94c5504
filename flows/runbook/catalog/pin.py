"""Keep a backup for ever, or leave it to retention again."""

from redis_dr.tasks.catalog.catalog import choose, load_catalog, pin, unpin
from redis_dr.tasks.model.catalog.store_reports import PinReport
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.opening import open_store


def set_pin(instance: Instance, which: str, *, pinned: bool, reason: str = "") -> PinReport:
    """Pin or unpin one backup. Raises UsageError for one that is not there."""
    timings = Timings()
    store = open_store(instance.store)
    backup_id = choose(load_catalog(store, instance.name), which).backup_id
    if pinned:
        pin(store, instance.name, backup_id, reason)
    else:
        unpin(store, instance.name, backup_id)
    found = backup_id in load_catalog(store, instance.name).pinned
    return PinReport(
        command="pin" if pinned else "unpin",
        instance=instance.name,
        ok=found == pinned,
        started_at=timings.started_at,
        seconds=timings.seconds,
        findings=(Finding(check="pinned", ok=found == pinned, expected=pinned, actual=found),),
        backup_id=backup_id,
        pinned=found,
    )
