"""The pages point at each other: addresses in the UI, and which page tells of which backup."""

from collections.abc import Mapping

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from redis_dr.flows.orchestration.artifacts import quickly
from redis_dr.flows.orchestration.names import artifact_key, page_under
from redis_dr.flows.orchestration.pages.markdown import link
from redis_dr.tasks.model.backup.store_layout import PATTERN

# what a verb's page tells of one backup: its making, its proof
_TELLS = {"backup": ("backup",), "drill": ("drill",), "nightly": ("backup", "drill")}
_BACK = 100  # pages: beyond, a backup is named without a link

# backup id → backup | drill → address of the newest page that tells it
Told = Mapping[str, Mapping[str, str]]


def pages_about(instance: str) -> Told:
    """The newest pages of one instance, by backup; empty when Prefect's API does not answer."""
    verb_of = {artifact_key(verb, instance): verb for verb in _TELLS}
    told: dict[str, dict[str, str]] = {}
    for one in quickly(lambda: _newest(list(verb_of))) or ():
        named = PATTERN.search(one.description or "")
        if named and one.key:
            for what in _TELLS[verb_of[one.key]]:
                told.setdefault(named[0], {}).setdefault(what, page_under(f"artifact/{one.id}"))
    return told


def see_also(verb: str, instance: str, backup_id: str) -> str:
    """The last line of a page: the backup that it is about, its proof, and all backups."""
    texts = {"backup": f"backup {backup_id}", "drill": "its proof"}
    untold = [what for what in texts if backup_id and what not in _TELLS.get(verb, ())]
    about = pages_about(instance).get(backup_id, {}) if untold else {}
    links = [link(texts[what], about[what]) for what in untold if what in about]
    links.append(link("all backups", page_under(f"key/{artifact_key('catalog', instance)}")))
    return f"\nSee also: {', '.join(links)}.\n"


def _newest(keys: list[str]) -> list[Artifact]:
    with get_client(sync_client=True) as client:
        return client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=keys)),
            sort=ArtifactSort.CREATED_DESC,
            limit=_BACK,
        )
