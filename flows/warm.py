"""The Prefect face of `redis-dr warm`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, present
from redis_dr.flows.orchestration.hooks import tell_failure
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.warm import warm_line, warm_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.restore.warm import warm as ask
from redis_dr.tasks.model.cache.warm_report import WarmReport
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.settings.instance import Instance


def _work(instance: Instance, progress: Progress) -> WarmReport:
    return ask(instance, progress=progress)


WARM = FlowSpec("warm", _work, warm_line, warm_page, exclusive=False)


@flow(name="warm", flow_run_name=run_name("warm"), on_failure=[tell_failure])
def warm(instance: InstanceName | None = None) -> State[Any]:
    """Ask the common queries, so that the cache is warm.

    Args:
        instance: which Redis; empty: every configured one
    """
    return present(WARM, instance)
