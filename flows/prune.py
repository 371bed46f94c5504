"""The Prefect flow of `redis-dr prune`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.catalog import prune_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.catalog.prune import prune as run_prune
from redis_dr.tasks.model.catalog.store_reports import PruneReport
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.settings.instance import Instance


@flow(name="prune", flow_run_name=run_name("prune"), **HOOKS)
def prune(instance: InstanceName | None = None, apply: bool = False) -> State[Any]:  # noqa: FBT001, FBT002 a switch in the form
    """Plan the retention, and with apply carry it out. The plan says why each backup stays or goes.

    Args:
        instance: which Redis; empty: every configured one
        apply: remove what the plan says; off: only show the plan
    """

    def work(subject: Instance, progress: Progress) -> PruneReport:
        return run_prune(subject, apply=apply, progress=progress)

    spec = FlowSpec("prune", work, prune_page, exclusive=False, changes_store=apply)
    return run_verb(spec, instance)
