"""The Prefect face of `redis-dr drill`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.orchestration.harness import Face, present
from flows.orchestration.hooks import HOOKS
from flows.orchestration.names import run_name
from flows.orchestration.pages.drill import drill_line, drill_page
from flows.orchestration.settings import InstanceName
from flows.runbook.drill.drill import DrillOptions
from flows.runbook.drill.drill import drill as rehearse
from tasks.model.drill.drill_report import DrillReport
from tasks.model.say import Say
from tasks.model.settings.instance import Instance


@flow(name="drill", flow_run_name=run_name("drill"), **HOOKS)
def drill(instance: InstanceName | None = None, which: str = "latest") -> State[Any]:
    """Restore a backup into a throwaway container and prove it; the instance is not touched.

    Args:
        instance: which Redis; empty: every configured one
        which: latest, random, or a backup's ID
    """

    def work(subject: Instance, say: Say) -> DrillReport:
        return rehearse(subject, DrillOptions(backup=which), say)

    face = Face(
        "drill",
        work,
        drill_line,
        drill_page,
        about=lambda report: report.backup_id,
        exclusive=False,
        changes_store=True,
    )
    return present(face, instance)
