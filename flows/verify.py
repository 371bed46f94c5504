"""The Prefect face of `redis-dr verify`."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.faces.configured import InstanceName
from flows.faces.hooks import HOOKS
from flows.faces.naming import run_name
from flows.faces.pages.store import verify_line, verify_page
from flows.faces.running import Face, present
from flows.runbook.verify import ALL
from flows.runbook.verify import verify as read_back
from tasks.model.say import Say
from tasks.model.settings.instance import Instance
from tasks.model.store_reports import VerifyReport
from tasks.verify import Share

SEVENTHS = 7  # one each day: all backups are read once a week


def share_of_today(which: str, now: datetime) -> str | Share:
    """ "seventh" is the share of this weekday, "all" everything; else a backup's ID or "latest"."""
    if which == "all":
        return ALL
    return Share(now.isoweekday(), SEVENTHS) if which == "seventh" else which


@flow(name="verify", flow_run_name=run_name("verify"), **HOOKS)
def verify(instance: InstanceName | None = None, which: str = "seventh") -> State[Any]:
    """Read stored backups back and check every hash and count; keep the proof beside each.

    Args:
        instance: which Redis; empty: every configured one
        which: a backup's ID, latest, all, or seventh (today's share: everything once a week)
    """

    def work(subject: Instance, say: Say) -> VerifyReport:
        return read_back(subject, share_of_today(which, datetime.now(UTC)), say=say)

    face = Face("verify", work, verify_line, verify_page, exclusive=False, changes_store=True)
    return present(face, instance)
