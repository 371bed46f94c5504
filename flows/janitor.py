"""The janitor: recovers what a killed run left, on the instances and in Prefect's run list."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger

from flows.faces.configured import InstanceName
from flows.faces.hooks import tell_failure
from flows.faces.naming import run_name
from flows.faces.pages.recover import recover_line, recover_page
from flows.faces.publishing import patiently
from flows.faces.running import Face, present
from flows.faces.zombies import bury
from flows.runbook.tidy import tidy

# it looks without taking the hands, so it needs no turn; a live operation is left alone
JANITOR = Face("janitor", tidy, recover_line, recover_page, exclusive=False, quiet_when_good=True)


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
