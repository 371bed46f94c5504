"""Backup, restore, recovery and drill as functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from redis_dr.api._fleet import for_all
from redis_dr.api._target import chosen_instance
from redis_dr.tasks.model.progress import Progress, quiet

if TYPE_CHECKING:
    from redis_dr.api._target import Config, Target
    from redis_dr.flows.runbook.drill.drill import DrillOptions
    from redis_dr.tasks.model.backup.backup_report import BackupReport
    from redis_dr.tasks.model.drill.drill_report import DrillReport
    from redis_dr.tasks.model.observe.check_report import FleetReport
    from redis_dr.tasks.model.restore.journal import RecoverReport
    from redis_dr.tasks.model.restore.restore_report import (
        PlanReport,
        RestoreOptions,
        RestoreReport,
    )
    from redis_dr.tasks.model.settings.instance import Instance


def backup(
    target: Target = None, *, prove: bool = False, progress: Progress = quiet
) -> BackupReport:
    """Save the instance, copy its RDB and AOF files to the store, read back, and commit.

    `prove` drills the backup right afterwards. The report has `backup_id`, `size`, `stored_size`
    and `databases` {db: {keys, expires}}. Raises SaveFailed, Refused (another operation runs),
    Damaged.
    """
    from redis_dr.flows.runbook.backup import backup as run

    return run(chosen_instance(target), progress, prove=prove)


def backup_all(
    config: Config = None, *, prove: bool = False, progress: Progress = quiet
) -> FleetReport:
    """Back up every configured instance, at most `fleet.at_once` at the same time.

    A failure of one does not stop the others: `report.lines` has one verdict for each.
    """
    from redis_dr.flows.runbook.backup import backup as run

    def work(instance: Instance, progress: Progress) -> BackupReport:
        return run(instance, progress, prove=prove)

    return for_all(config, "backup", work, progress)


def plan_restore(
    target: Target = None, options: RestoreOptions | None = None, progress: Progress = quiet
) -> PlanReport:
    """What a restore would do, with every gate judged. Nothing is changed.

    The report has `there_now` and `will_come` {db: keys} and the predicted downtime in seconds.
    Raises Damaged.
    """
    from redis_dr.flows.runbook.restore.restore import plan_restore as run
    from redis_dr.tasks.model.restore.restore_report import RestoreOptions

    return run(chosen_instance(target), options or RestoreOptions(), progress)


def restore(
    target: Target,
    options: RestoreOptions,
    progress: Progress = quiet,
    *,
    agree: Callable[[PlanReport], bool] | None = None,
) -> RestoreReport:
    """Replace the data of the instance by a backup and prove the result, or roll back.

    `options.confirm` must be the name of the instance; `agree(plan)` replaces this check, for
    example by a question. The report has `backup_id`, `downtime_seconds`, `databases`,
    `rolled_back` and `safety_backup_id`. Raises Refused (not confirmed, a gate failed, another
    operation runs), Damaged, Fenced.
    """
    from redis_dr.flows.runbook.restore.restore import restore as run

    def confirmed(plan: PlanReport) -> bool:
        return options.confirm == plan.instance

    return run(chosen_instance(target), options, agree or confirmed, progress)


def recover(target: Target = None, progress: Progress = quiet) -> RecoverReport:
    """Finish or undo what an interrupted operation left; harmless when there is nothing.

    The report has `outcome` and `set_aside`, the replaced data that still lies on the volume.
    Raises Refused while the owner of the operation lives.
    """
    from redis_dr.flows.runbook.recover.recover import recover as run

    return run(chosen_instance(target), progress)


def recoverable(target: Target = None) -> RecoverReport:
    """What `recover` would find; nothing is changed and no lock is taken.

    `ok` is False where an operation was left half done. Raises Unreachable.
    """
    from redis_dr.flows.runbook.recover.look import recoverable as run

    return run(chosen_instance(target))


def drill(
    target: Target = None, options: DrillOptions | None = None, progress: Progress = quiet
) -> DrillReport:
    """Restore a backup into a throwaway container and prove that its content is equal.

    The report has `backup_id`, `proven`, `rto_seconds`, `rpo_seconds` and `negative_control`; it is
    stored beside the backup as its proof. Raises Damaged.
    """
    from redis_dr.flows.runbook.drill.drill import drill as run

    return run(chosen_instance(target), options, progress)


def write_drill_page(target: Target, report: DrillReport, path: str | Path) -> None:
    """Write the HTML page of a drill to `path`. Raises UsageError when that is not possible."""
    from redis_dr.flows.runbook.drill.record import write_page

    write_page(chosen_instance(target), report, str(path))
