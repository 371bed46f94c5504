"""While an operation reads a backup, prune leaves that backup alone."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from redis_dr.tasks.catalog.catalog import mark_in_use, release_use
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.unwritten import no_lease
from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store

_LEASE = timedelta(hours=6)  # a drill of a big backup, its download and its control


@contextmanager
def reading(
    instance: Instance,
    manifest: Manifest,
    lease: timedelta = _LEASE,
    progress: Progress = quiet,
) -> Iterator[tuple[Finding, ...]]:
    """Hold a lease; gives what the report has to say of it: nothing, or that there is none.

    Reading is enough to restore, so a store that takes no lease stops nothing. Raises Damaged when
    a prune was quicker.
    """
    store = open_store(instance.store)
    until = datetime.now(UTC) + lease
    try:
        taken = mark_in_use(store, instance.name, manifest.backup_id, until)
    except StoreError as error:
        progress(f"no lease, and the work goes on: {error.problem}")
        yield (no_lease(error),)
        return
    try:
        yield ()
    finally:
        # it ends by itself; what was done with the backup stays done
        with suppress(StoreError):
            release_use(store, taken)
