"""The Prefect flow of a nightly run: backup, proof, retention."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.nightly import nightly_page
from redis_dr.flows.orchestration.settings import InstanceName
from redis_dr.flows.runbook.nightly import nightly as run_nightly

NIGHTLY = FlowSpec(
    "nightly",
    run_nightly,
    nightly_page,
    backup_id=lambda report: report.backup.backup_id,
    changes_store=True,
)


@flow(name="nightly", flow_run_name=run_name("nightly"), **HOOKS)
def nightly(instance: InstanceName | None = None) -> State[Any]:
    """Back up, prove the new backup, and only then let the retention remove old ones.

    Args:
        instance: which Redis; empty: every configured one
    """
    return run_verb(NIGHTLY, instance)
