"""The janitor: recovers what a killed run left, on the instances and in Prefect's run list."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.artifacts import patiently
from redis_dr.flows.orchestration.crashed_runs import bury
from redis_dr.flows.orchestration.harness import FlowSpec, present
from redis_dr.flows.orchestration.hooks import tell_failure
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.recover import recover_line, recover_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.recover.janitor import recover_if_needed

# it looks without taking the hands, so it needs no turn; a live operation is left alone
JANITOR = FlowSpec(
    "janitor", recover_if_needed, recover_line, recover_page, exclusive=False, quiet_when_good=True
)


@flow(name="janitor", flow_run_name=run_name("janitor"), on_failure=[tell_failure])
def janitor(instance: InstanceName | None = None) -> State[Any]:
    """Recover instances whose operation died, and close the runs that are only shown as running.

    Args:
        instance: which Redis; empty: every configured one
    """
    state = present(JANITOR, instance)
    for name in patiently(bury) or ():
        get_run_logger().info("%s was shown as running; its process is gone", name)
    return state
