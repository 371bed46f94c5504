"""The pages point at each other: addresses in the UI, and which page tells of which backup."""

from collections.abc import Mapping

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from flows.faces.naming import artifact_key, page_under
from flows.faces.publishing import quickly
from tasks.model.backup_id import PATTERN

_ABOUT = ("backup", "nightly", "drill")  # verbs whose page tells of one backup
_BACK = 100  # pages: beyond, a backup is named without a link

Told = Mapping[str, Mapping[str, str]]  # backup id → verb → address of its newest page


def pages_about(instance: str) -> Told:
    """The newest pages of one instance, by backup; empty when Prefect's API does not answer."""
    verb_of = {artifact_key(verb, instance): verb for verb in _ABOUT}
    told: dict[str, dict[str, str]] = {}
    for one in quickly(lambda: _newest(list(verb_of))) or ():
        named = PATTERN.search(one.description or "")
        if named and one.key:
            told.setdefault(named[0], {}).setdefault(
                verb_of[one.key], page_under(f"artifact/{one.id}")
            )
    return told


def see_also(verb: str, instance: str, backup_id: str) -> str:
    """The last line of a page: the backup that it is about, its proof, and all backups."""
    about = pages_about(instance).get(backup_id, {}) if backup_id else {}
    made = about.get("backup") or about.get("nightly")
    proof = about.get("drill") or about.get("nightly")
    links = [
        (f"backup {backup_id}", made if verb not in ("backup", "nightly") else None),
        ("its proof", proof if verb not in ("drill", "nightly") else None),
        ("all backups", page_under(f"key/{artifact_key('catalog', instance)}")),
    ]
    return "\nSee also: " + ", ".join(f"[{text}]({to})" for text, to in links if to) + ".\n"


def _newest(keys: list[str]) -> list[Artifact]:
    with get_client(sync_client=True) as client:
        return client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=keys)),
            sort=ArtifactSort.CREATED_DESC,
            limit=_BACK,
        )
