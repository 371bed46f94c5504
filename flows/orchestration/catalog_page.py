"""The catalog page: the open-source server has no assets, so we keep it as one artifact."""

from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.artifacts import publish
from redis_dr.flows.orchestration.links import pages_about
from redis_dr.flows.orchestration.pages.catalog import catalog_page
from redis_dr.flows.runbook.catalog.list import list_backups
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance


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
