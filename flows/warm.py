"""The Prefect flow of `redis-dr warm`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import notify_failure
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.cache import warm_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.restore.warm import warm as run_warm
from redis_dr.tasks.model.cache.warm_report import WarmReport
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.settings.instance import Instance


def _work(instance: Instance, progress: Progress) -> WarmReport:
    return run_warm(instance, progress=progress)


WARM = FlowSpec("warm", _work, warm_page, exclusive=False)


@flow(name="warm", flow_run_name=run_name("warm"), on_failure=[notify_failure])
def warm(instance: InstanceName | None = None) -> State[Any]:
    """Ask the common queries, which fills the cache.

    Args:
        instance: which Redis; empty: every configured one
    """
    return run_verb(WARM, instance)
