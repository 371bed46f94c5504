"""The Prefect face of `redis-dr recover`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.faces.configured import InstanceName
from flows.faces.hooks import HOOKS
from flows.faces.naming import run_name
from flows.faces.pages.recover import recover_line, recover_page
from flows.faces.running import Face, present
from flows.runbook.recover import recover as settle

RECOVER = Face("recover", settle, recover_line, recover_page)


@flow(name="recover", flow_run_name=run_name("recover"), **HOOKS)
def recover(instance: InstanceName | None = None) -> State[Any]:
    """Finish or undo what a dead operation left; harmless when there is nothing.

    Args:
        instance: which Redis; empty: every configured one
    """
    return present(RECOVER, instance)
