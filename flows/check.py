"""The Prefect face of `redis-dr check`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.orchestration.harness import Face, present
from flows.orchestration.hooks import tell_failure
from flows.orchestration.names import run_name
from flows.orchestration.pages.check import check_line, check_page
from flows.orchestration.settings import InstanceName
from flows.runbook.observe.check import check as judge
from tasks.model.observe.check_report import CheckReport
from tasks.model.say import Say
from tasks.model.settings.instance import Instance


def _work(instance: Instance, _say: Say) -> CheckReport:
    return judge(instance)


# six times an hour: people are told of a bad verdict only
CHECK = Face("check", _work, check_line, check_page, exclusive=False, quiet_when_good=True)


@flow(name="check", flow_run_name=run_name("check"), on_failure=[tell_failure])
def check(instance: InstanceName | None = None) -> State[Any]:
    """Judge the estate: newest proven backup, its size and age, drift, store, engine, schedules.

    Args:
        instance: which Redis; empty: every configured one
    """
    return present(CHECK, instance)
