"""The Prefect face of `redis-dr warm`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.faces.configured import InstanceName
from flows.faces.hooks import tell_failure
from flows.faces.naming import run_name
from flows.faces.pages.warm import warm_line, warm_page
from flows.faces.running import Face, present
from flows.runbook.warm import warm as ask
from tasks.model.say import Say
from tasks.model.settings.instance import Instance
from tasks.model.warm_report import WarmReport


def _work(instance: Instance, say: Say) -> WarmReport:
    return ask(instance, say=say)


WARM = Face("warm", _work, warm_line, warm_page, exclusive=False)


@flow(name="warm", flow_run_name=run_name("warm"), on_failure=[tell_failure])
def warm(instance: InstanceName | None = None) -> State[Any]:
    """Ask the common queries, so that the cache is warm.

    Args:
        instance: which Redis; empty: every configured one
    """
    return present(WARM, instance)
