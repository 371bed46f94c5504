"""Pages as Prefect artifacts: published under a stable key, linked to each other.

The open-source server has no assets, so the catalog of an instance is an artifact as well.
"""

from collections.abc import Mapping

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.api import quickly
from redis_dr.flows.orchestration.names import artifact_key, page_under
from redis_dr.flows.orchestration.pages.catalog import PageLinks, catalog_page
from redis_dr.flows.orchestration.pages.markdown import link
from redis_dr.flows.runbook.catalog.list import list_backups
from redis_dr.tasks.model.backup.store_layout import PATTERN
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance

# what the page of a verb says about one backup: how it was taken, how it was proven
_COVERS = {"backup": ("backup",), "drill": ("drill",), "nightly": ("backup", "drill")}
_MOST_PAGES = 100  # older backups have no link


def publish(verb: str, instance: str, markdown: str, description: str) -> None:
    """Keep a page as an artifact of this run, under a key that stays the same from run to run."""
    key = artifact_key(verb, instance)
    quickly(lambda: create_markdown_artifact(markdown, key=key, description=description))


def publish_catalog(instance: Instance) -> None:
    """Publish what the store holds now; a failure is a warning: the run's own work is done."""
    try:
        report = list_backups(instance)
    except RedisDrError as error:
        get_run_logger().warning("the catalog page was not published: %s", error.problem)
        return
    newest = report.backups[0].backup_id if report.backups else "none"
    page = catalog_page(report, pages_by_backup(instance.name))
    publish("catalog", instance.name, page, f"newest: {newest}")


def pages_by_backup(instance: str) -> PageLinks:
    """The newest pages of one instance, by backup; empty when Prefect's API does not answer."""
    verb_of = {artifact_key(verb, instance): verb for verb in _COVERS}
    links: dict[str, dict[str, str]] = {}
    for artifact in quickly(lambda: _newest(list(verb_of))) or ():
        backup_id = PATTERN.search(artifact.description or "")
        if backup_id and artifact.key:
            address = page_under(f"artifact/{artifact.id}")
            for subject in _COVERS[verb_of[artifact.key]]:
                links.setdefault(backup_id[0], {}).setdefault(subject, address)
    return links


def see_also(verb: str, instance: str, backup_id: str) -> str:
    """The last line of a page: links to its backup, to the proof, and to all backups."""
    texts = {"backup": f"backup {backup_id}", "drill": "its proof"}
    elsewhere = [kind for kind in texts if backup_id and kind not in _COVERS.get(verb, ())]
    pages: Mapping[str, str] = pages_by_backup(instance).get(backup_id, {}) if elsewhere else {}
    links = [link(texts[kind], pages[kind]) for kind in elsewhere if kind in pages]
    links.append(link("all backups", page_under(f"key/{artifact_key('catalog', instance)}")))
    return f"\nSee also: {', '.join(links)}.\n"


def _newest(keys: list[str]) -> list[Artifact]:
    with get_client(sync_client=True) as client:
        return client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=keys)),
            sort=ArtifactSort.CREATED_DESC,
            limit=_MOST_PAGES,
        )
