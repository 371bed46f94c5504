"""The Prefect flow of `redis-dr verify`."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.catalog import verify_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.catalog.verify import ALL
from redis_dr.flows.runbook.catalog.verify import verify as run_verify
from redis_dr.tasks.catalog.verify import Share
from redis_dr.tasks.model.catalog.store_reports import VerifyReport
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.settings.instance import Instance

SEVENTHS = 7  # one share a day: all backups are read once a week


def share_of_today(which: str, now: datetime) -> str | Share:
    """Resolve "seventh" to the share of this weekday and "all" to everything; keep the rest."""
    if which == "all":
        return ALL
    return Share(now.isoweekday(), SEVENTHS) if which == "seventh" else which


@flow(name="verify", flow_run_name=run_name("verify"), **HOOKS)
def verify(instance: InstanceName | None = None, which: str = "seventh") -> State[Any]:
    """Read stored backups back, check every hash and count, keep the proof beside each backup.

    Args:
        instance: which Redis; empty: every configured one
        which: an ID, latest, latest-proven, all, or seventh (today's share: all once a week)
    """

    def work(subject: Instance, progress: Progress) -> VerifyReport:
        return run_verify(subject, share_of_today(which, datetime.now(UTC)), progress=progress)

    spec = FlowSpec("verify", work, verify_page, exclusive=False, changes_store=True)
    return run_verb(spec, instance)
