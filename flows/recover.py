"""The Prefect flow of `redis-dr recover`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.concurrency import NO_COURTESY
from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.recover import recover_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.recover.recover import recover as run_recovery

RECOVER = FlowSpec("recover", run_recovery, recover_page, patience=NO_COURTESY)


@flow(name="recover", flow_run_name=run_name("recover"), **HOOKS)
def recover(instance: InstanceName | None = None) -> State[Any]:
    """Finish or undo what a dead operation left; harmless when there is nothing.

    Args:
        instance: which Redis; empty: every configured one
    """
    return run_verb(RECOVER, instance)
