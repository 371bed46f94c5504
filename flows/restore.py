"""The Prefect flow of `redis-dr restore`: plan, ask for approval, restore."""

from dataclasses import replace
from typing import Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.approval import ask_for_name
from redis_dr.flows.orchestration.artifacts import publish, see_also
from redis_dr.flows.orchestration.concurrency import instance_slot
from redis_dr.flows.orchestration.crashed_runs import record_process
from redis_dr.flows.orchestration.harness import (
    FlowSpec,
    failed_at_start,
    run_for_one,
    state_of,
)
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.restore import plan_page, restore_page
from redis_dr.flows.orchestration.settings import InstanceName, worker_settings
from redis_dr.flows.runbook.fleet import Work
from redis_dr.flows.runbook.restore.restore import plan_restore, typed_name
from redis_dr.flows.runbook.restore.restore import restore as run_restore
from redis_dr.tasks.catalog.catalog import choose
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.catalog.choosing import LATEST, LATEST_PROVEN
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import require
from redis_dr.tasks.model.restore.restore_report import RestoreOptions, RestoreReport
from redis_dr.tasks.model.settings.instance import Instance

_AS_OLD_FORMS_SAY = "latest proven"


@flow(name="restore", flow_run_name=run_name("restore"), **HOOKS)
def restore(  # noqa: PLR0913, PLR0917 each parameter is a field of the form
    instance: InstanceName,
    backup: str = LATEST_PROVEN,
    source: Literal["rdb", "aof"] = "rdb",
    safety_backup: bool = True,  # noqa: FBT001, FBT002 a switch in the form
    warm: bool = True,  # noqa: FBT001, FBT002 same
    origin: str = "",
) -> State[Any]:
    """Restore an instance from a backup. Shows the plan and asks; nothing changes before that.

    Args:
        instance: which Redis
        backup: latest-proven, latest, or an ID from the catalog page
        source: rdb, the state of the save; aof, also the writes after it
        safety_backup: first back up the current data
        warm: afterwards ask the common queries, which fills the cache
        origin: empty, or the ID of the host and container where the backup was made, if not here
    """
    try:
        settings = worker_settings()
        subject = settings.instance(instance)
    except RedisDrError as error:
        return failed_at_start(error)
    record_process("restore", subject.name)
    options = RestoreOptions(
        backup=backup, source=source, safety_backup=safety_backup, warm=warm, origin=origin.strip()
    )
    work = _approved_restore(options, settings.schedule.answer_minutes)
    # the work takes the slot itself: no slot is held while a person reads the plan
    spec = FlowSpec(
        "restore",
        work,
        restore_page,
        backup_id=lambda report: report.backup_id,
        exclusive=False,
        changes_store=True,
    )
    return state_of(run_for_one(spec, subject))


def _approved_restore(options: RestoreOptions, minutes: int) -> Work[RestoreReport]:
    def work(instance: Instance, progress: Progress) -> RestoreReport:
        # fixed now: a newer backup may come while the person reads the plan
        fixed = resolve(instance, options)
        with instance_slot(instance):
            plan = plan_restore(instance, fixed, progress)
        links = see_also("plan", instance.name, plan.backup_id)
        publish("plan", instance.name, plan_page(plan) + links, f"restore {plan.backup_id}")
        require(plan.findings, "restore")
        confirmed = replace(fixed, confirm=ask_for_name(plan, minutes))
        with instance_slot(instance):
            return run_restore(instance, confirmed, typed_name(confirmed, instance), progress)

    return work


def resolve(instance: Instance, options: RestoreOptions) -> RestoreOptions:
    """The options with the ID of the backup that the word means now.

    With no proven backup "latest-proven" is the latest: the plan says that it is not proven, and a
    person decides.
    """
    word = LATEST_PROVEN if options.backup == _AS_OLD_FORMS_SAY else options.backup
    catalog, origin = open_catalog(instance), options.origin
    proven = (catalog.of_origins({origin}) if origin else catalog).proven
    meant = LATEST if word == LATEST_PROVEN and not proven else word
    return replace(options, backup=choose(catalog, meant, origin).backup_id, stands_for=word)
