"""The Prefect flow of `redis-dr check`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import notify_failure
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.observe import check_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.observe.check import check as run_check
from redis_dr.tasks.model.observe.check_report import CheckReport
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.settings.instance import Instance


def _work(instance: Instance, _progress: Progress) -> CheckReport:
    return run_check(instance)


# it runs every ten minutes: only a bad verdict is worth a notification
CHECK = FlowSpec("check", _work, check_page, exclusive=False, notify_success=False)


@flow(name="check", flow_run_name=run_name("check"), on_failure=[notify_failure])
def check(instance: InstanceName | None = None) -> State[Any]:
    """Judge the estate: newest proven backup, its size and age, drift, store, engine, schedules.

    Args:
        instance: which Redis; empty: every configured one
    """
    return run_verb(CHECK, instance)
