"""What the store holds, as functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis_dr.api._fleet import for_all
from redis_dr.api._target import chosen_instance
from redis_dr.tasks.model.progress import Progress, quiet

if TYPE_CHECKING:
    from redis_dr.api._target import Config, Target
    from redis_dr.tasks.catalog.verify import Share
    from redis_dr.tasks.model.catalog.store_reports import (
        AcceptReport,
        CopyReport,
        DoctorReport,
        ExportReport,
        ExportRequest,
        ListReport,
        PinReport,
        PruneReport,
        ShowReport,
        VerifyReport,
    )
    from redis_dr.tasks.model.observe.check_report import FleetReport
    from redis_dr.tasks.model.settings.store import StoreSettings


def list_backups(target: Target = None) -> ListReport:
    """The catalog, newest first: `report.backups`. What is damaged is listed, not raised."""
    from redis_dr.flows.runbook.catalog.list import list_backups as run

    return run(chosen_instance(target))


def list_all(config: Config = None, progress: Progress = quiet) -> FleetReport:
    """The catalog of every configured instance."""
    from redis_dr.flows.runbook.catalog.list import list_backups as run

    return for_all(config, "list", lambda instance, _progress: run(instance), progress)


def show(target: Target = None, backup: str = "latest") -> ShowReport:
    """One manifest with its proofs. Raises Damaged."""
    from redis_dr.flows.runbook.catalog.list import show_backup

    return show_backup(chosen_instance(target), backup)


def verify(
    target: Target = None,
    backup: str | Share = "latest",
    *,
    stored_only: bool = False,
    progress: Progress = quiet,
) -> VerifyReport:
    """Read back what is stored and check it; damage is a finding and makes `ok` False.

    `backup` is an ID, "latest", or a share of all: `api.Share(3, 7)`; all of them are
    `api.Share(1, 1)`. `stored_only` checks the stored bytes without opening the files.
    """
    from redis_dr.flows.runbook.catalog.verify import verify as run

    return run(chosen_instance(target), backup, stored_only=stored_only, progress=progress)


def prune(
    target: Target = None,
    *,
    apply: bool = False,
    despite_drift: bool = False,
    progress: Progress = quiet,
) -> PruneReport:
    """Retention: what is kept, what is removed and why. Only `apply` removes.

    While the newest backup looks wrong, nothing is removed unless `despite_drift` is set.
    """
    from redis_dr.flows.runbook.catalog.prune import prune as run

    return run(chosen_instance(target), apply=apply, despite_drift=despite_drift, progress=progress)


def pin(target: Target, backup: str, reason: str = "") -> PinReport:
    """Keep a backup for ever; `reason` is stored beside it."""
    from redis_dr.flows.runbook.catalog.list import set_pin

    return set_pin(chosen_instance(target), backup, pinned=True, reason=reason)


def unpin(target: Target, backup: str) -> PinReport:
    """Leave a backup to retention again."""
    from redis_dr.flows.runbook.catalog.list import set_pin

    return set_pin(chosen_instance(target), backup, pinned=False)


def accept(target: Target, backup: str, reason: str) -> AcceptReport:
    """Declare that the fall of the content in a suspicious backup was meant.

    It may be the latest again, and later backups are compared with it. `backup` is an ID or the
    beginning of one; `reason` is stored beside it.
    """
    from redis_dr.flows.runbook.catalog.list import accept_backup

    return accept_backup(chosen_instance(target), backup, reason)


def copy(
    target: Target = None,
    backup: str = "latest",
    stores: Sequence[StoreSettings] = (),
    progress: Progress = quiet,
) -> CopyReport:
    """Copy a backup to `stores`, or to the configured `store.copies`. Raises Damaged."""
    from redis_dr.flows.runbook.catalog.copy import copy as run

    return run(chosen_instance(target), backup, stores, progress)


def doctor(target: Target = None, progress: Progress = quiet) -> DoctorReport:
    """Try what the store can be trusted with: `report.findings` and `report.capabilities`."""
    from redis_dr.flows.runbook.catalog.doctor import doctor as run

    return run(chosen_instance(target), progress)


def export(target: Target, request: ExportRequest, progress: Progress = quiet) -> ExportReport:
    """Write one database of a backup to a file, an RDB that any Redis loads.

    Raises Damaged; Refused when the file exists and `request.overwrite` is off.
    """
    from redis_dr.flows.runbook.catalog.export import export as run

    return run(chosen_instance(target), request, progress)
