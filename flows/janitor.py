"""The Prefect flow of the janitor: recovers instances, closes dead runs in Prefect's run list."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.api import patiently
from redis_dr.flows.orchestration.crashed_runs import close_dead_runs
from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import notify_failure
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.recover import recover_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.recover.janitor import recover_if_needed

# it takes no lock, so it need not wait for other runs; a live operation is left alone
JANITOR = FlowSpec(
    "janitor", recover_if_needed, recover_page, exclusive=False, notify_success=False
)


@flow(name="janitor", flow_run_name=run_name("janitor"), on_failure=[notify_failure])
def janitor(instance: InstanceName | None = None) -> State[Any]:
    """Recover instances whose operation died, and close the runs whose process is gone.

    Args:
        instance: which Redis; empty: every configured one
    """
    state = run_verb(JANITOR, instance)
    for name in patiently(close_dead_runs) or ():
        get_run_logger().info("%s was shown as running; its process is gone", name)
    return state
