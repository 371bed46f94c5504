"""The catalog page: the open-source server has no assets, so we keep it as one artifact."""

from prefect.logging import get_run_logger

from flows.orchestration.artifacts import publish
from flows.orchestration.links import pages_about
from flows.orchestration.pages.catalog import catalog_page
from flows.runbook.catalog.list import list_backups
from tasks.model.errors import RedisDrError
from tasks.model.settings.instance import Instance


def publish_catalog(instance: Instance) -> None:
    """Show what the store holds now. The work is done already: a failure here is only told."""
    try:
        report = list_backups(instance)
    except RedisDrError as error:
        get_run_logger().warning("the catalog page was not made: %s", error.problem)
        return
    newest = report.backups[0].backup_id if report.backups else "none"
    publish(
        "catalog",
        instance.name,
        catalog_page(report, pages_about(instance.name)),
        f"newest: {newest}",
    )
