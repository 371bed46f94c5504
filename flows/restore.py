"""The Prefect face of `redis-dr restore`: plan, ask, and with the right answer restore."""

from dataclasses import replace
from typing import Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.approval import ask_for_name
from redis_dr.flows.orchestration.artifacts import publish
from redis_dr.flows.orchestration.concurrency import turn
from redis_dr.flows.orchestration.crashed_runs import sign
from redis_dr.flows.orchestration.harness import FlowSpec, present_one, state_of, unable
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.links import see_also
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.restore import plan_page, restore_line, restore_page
from redis_dr.flows.orchestration.settings import InstanceName, configured
from redis_dr.flows.runbook.fleet import Work
from redis_dr.flows.runbook.restore.restore import plan_restore, typed_name
from redis_dr.flows.runbook.restore.restore import restore as bring_back
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
    """Bring an instance back from a backup. Shows the plan and asks; nothing changes before.

    Args:
        instance: which Redis
        backup: latest proven, latest, or an ID from the catalog page
        source: rdb, the state of the save; aof, also what came after it
        safety_backup: first back up what is there now
        warm: afterwards ask the common queries, so that the cache is warm
    """
    try:
        settings = configured()
        subject = settings.instance(instance)
    except RedisDrError as error:
        return unable(error)
    sign("restore", subject.name)
    options = RestoreOptions(backup=backup, source=source, safety_backup=safety_backup, warm=warm)
    work = _asked_first(options, settings.schedule.answer_minutes)
    # it takes its turns by itself: nothing is held while a person thinks
    spec = FlowSpec(
        "restore",
        work,
        restore_line,
        restore_page,
        about=lambda report: report.backup_id,
        exclusive=False,
        changes_store=True,
    )
    return state_of(present_one(spec, subject))


def _asked_first(options: RestoreOptions, minutes: int) -> Work[RestoreReport]:
    def work(instance: Instance, progress: Progress) -> RestoreReport:
        # the very backup of the plan, also when a newer one comes while the person thinks
        named = replace(options, backup=resolve(instance, options.backup))
        with turn(instance.name):
            plan = plan_restore(instance, named, progress)
        also = see_also("plan", instance.name, plan.backup_id)
        publish("plan", instance.name, plan_page(plan) + also, f"restore {plan.backup_id}")
        require(plan.findings, "restore")
        typed = replace(named, confirm=ask_for_name(plan, minutes))
        with turn(instance.name):
            return bring_back(instance, typed, typed_name(typed, instance), progress)

    return work


def resolve(instance: Instance, backup: str) -> str:
    """The ID that is meant. "latest proven" is the newest with a good proof, else the latest."""
    catalog = load_catalog(open_store(instance.store), instance.name)
    if backup != LATEST_PROVEN:
        return choose(catalog, backup).backup_id
    proven = [one.backup_id for one in catalog.manifests if catalog.proven_at(one.backup_id)]
    # none is proven: the plan says so in bold, and a person decides
    return proven[0] if proven else choose(catalog, "latest").backup_id
