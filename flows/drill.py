"""The Prefect flow of `redis-dr drill`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.drill import drill_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.drill.drill import DrillOptions
from redis_dr.flows.runbook.drill.drill import drill as run_drill
from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.settings.instance import Instance


@flow(name="drill", flow_run_name=run_name("drill"), **HOOKS)
def drill(instance: InstanceName | None = None, which: str = "latest") -> State[Any]:
    """Restore a backup into a throwaway container and prove it; the instance is not touched.

    Args:
        instance: which Redis; empty: every configured one
        which: latest, latest-proven, random, or a backup's ID
    """

    def work(subject: Instance, progress: Progress) -> DrillReport:
        return run_drill(subject, DrillOptions(backup=which), progress)

    spec = FlowSpec(
        "drill",
        work,
        drill_page,
        backup_id=lambda report: report.backup_id,
        exclusive=False,
        changes_store=True,
    )
    return run_verb(spec, instance)
