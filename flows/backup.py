"""The Prefect flow of `redis-dr backup`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from redis_dr.flows.orchestration.harness import FlowSpec, run_verb
from redis_dr.flows.orchestration.hooks import HOOKS
from redis_dr.flows.orchestration.names import run_name
from redis_dr.flows.orchestration.pages.backup import backup_page
from redis_dr.flows.orchestration.settings import InstanceName, worker_settings
from redis_dr.flows.runbook.backup import backup as run_backup
from redis_dr.tasks.catalog.catalog import choose
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.backup_report import BackupReport


def page_with_inventory(report: BackupReport) -> str:
    """The report with the patterns that the manifest counted."""
    instance = worker_settings().instance(report.instance)
    return backup_page(report, choose(open_catalog(instance), report.backup_id))


BACKUP = FlowSpec(
    "backup",
    run_backup,
    page_with_inventory,
    backup_id=lambda report: report.backup_id,
    changes_store=True,
)


@flow(name="backup", flow_run_name=run_name("backup"), **HOOKS)
def backup(instance: InstanceName | None = None) -> State[Any]:
    """Save, copy the RDB and AOF files to the store, read them back, commit.

    Args:
        instance: which Redis; empty: every configured one
    """
    return run_verb(BACKUP, instance)
