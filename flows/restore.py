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
from redis_dr.flows.orchestration.pages.restore import plan_page, restore_line, restore_page
from redis_dr.flows.orchestration.settings import InstanceName, worker_settings
from redis_dr.flows.runbook.fleet import Work
from redis_dr.flows.runbook.restore.restore import plan_restore, typed_name
from redis_dr.flows.runbook.restore.restore import restore as run_restore
from redis_dr.tasks.catalog.catalog import choose, load_catalog
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import require
from redis_dr.tasks.model.restore.restore_report import RestoreOptions, RestoreReport
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store

LATEST_PROVEN = "latest proven"


@flow(name="restore", flow_run_name=run_name("restore"), **HOOKS)
def restore(
    instance: InstanceName,
    backup: str = LATEST_PROVEN,
    source: Literal["rdb", "aof"] = "rdb",
    safety_backup: bool = True,  # noqa: FBT001, FBT002 a switch in the form
    warm: bool = True,  # noqa: FBT001, FBT002 same
) -> State[Any]:
    """Restore an instance from a backup. Shows the plan and asks; nothing changes before that.

    Args:
        instance: which Redis
        backup: latest proven, latest, or an ID from the catalog page
        source: rdb, the state of the save; aof, also the writes after it
        safety_backup: first back up the current data
        warm: afterwards ask the common queries, which fills the cache
    """
    try:
        settings = worker_settings()
        subject = settings.instance(instance)
    except RedisDrError as error:
        return failed_at_start(error)
    record_process("restore", subject.name)
    options = RestoreOptions(backup=backup, source=source, safety_backup=safety_backup, warm=warm)
    work = _approved_restore(options, settings.schedule.answer_minutes)
    # the work takes the slot itself: no slot is held while a person reads the plan
    spec = FlowSpec(
        "restore",
        work,
        restore_line,
        restore_page,
        backup_id=lambda report: report.backup_id,
        exclusive=False,
        changes_store=True,
    )
    return state_of(run_for_one(spec, subject))


def _approved_restore(options: RestoreOptions, minutes: int) -> Work[RestoreReport]:
    def work(instance: Instance, progress: Progress) -> RestoreReport:
        # fixed now: a newer backup may come while the person reads the plan
        fixed = replace(options, backup=resolve(instance, options.backup))
        with instance_slot(instance.name):
            plan = plan_restore(instance, fixed, progress)
        links = see_also("plan", instance.name, plan.backup_id)
        publish("plan", instance.name, plan_page(plan) + links, f"restore {plan.backup_id}")
        require(plan.findings, "restore")
        confirmed = replace(fixed, confirm=ask_for_name(plan, minutes))
        with instance_slot(instance.name):
            return run_restore(instance, confirmed, typed_name(confirmed, instance), progress)

    return work


def resolve(instance: Instance, backup: str) -> str:
    """The ID of the backup. "latest proven" is the newest with a good proof, else the latest."""
    catalog = load_catalog(open_store(instance.store), instance.name)
    if backup != LATEST_PROVEN:
        return choose(catalog, backup).backup_id
    proven = [
        manifest.backup_id
        for manifest in catalog.manifests
        if catalog.proven_at(manifest.backup_id)
    ]
    # with no proven backup the plan says so in bold, and a person decides
    return proven[0] if proven else choose(catalog, "latest").backup_id
