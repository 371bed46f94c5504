"""The catalog as the configuration judges it: whose word a proof is, and what content is usual."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.proof import Proof, doubt_about
from redis_dr.tasks.model.catalog.usual import rejudge
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.settings.drill import DrillSettings
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store

if TYPE_CHECKING:
    from redis_dr.tasks.evidence.proof import Verifier

_READERS = 8  # proofs read at once
_LIMIT = 4 * 2**20  # bytes; a longer file is not a proof


def open_catalog(instance: Instance, store: ObjectStore | None = None) -> Catalog:
    """What the store holds of the instance. Every decision about a backup starts here.

    With `drill.public_key_file` a proof counts only when that key signed it for these files: that
    reads one proof of each backup. Raises StoreError.
    """
    store = store or open_store(instance.store)
    catalog = load_catalog(store, instance.name)
    rejudged = rejudge(catalog.regular, catalog.accepted, instance)
    return check_signatures(store, replace(catalog, rejudged=rejudged), instance.drill)


def check_signatures(store: ObjectStore, catalog: Catalog, settings: DrillSettings) -> Catalog:
    """The same catalog; a proof that the configured key does not vouch for carries the doubt."""
    if not settings.public_key_file:
        return catalog
    from redis_dr.tasks.evidence.proof import load_verifier  # noqa: PLC0415 cryptography loads only when needed

    try:
        key, trouble = load_verifier(settings), ""
    except UsageError as error:
        # nothing is proven, and a restore of the latest backup still works
        key, trouble = None, error.problem
    with ThreadPoolExecutor(_READERS) as readers:
        judged = readers.map(
            partial(_judged, store, catalog, key, trouble),
            [one for one in catalog.manifests if catalog.proofs.get(one.backup_id)],
        )
        return replace(catalog, proofs={**catalog.proofs, **dict(judged)})


def _judged(
    store: ObjectStore, catalog: Catalog, key: "Verifier | None", trouble: str, manifest: Manifest
) -> tuple[str, tuple[Proof, ...]]:
    """The proofs of one backup, read from the newest back to the first that counts."""
    proofs = list(catalog.proofs[manifest.backup_id])
    for position in reversed(range(len(proofs))):
        proof = proofs[position]
        if proof.proves:
            doubt = trouble or _doubt(store, proof, manifest, key)
            proofs[position] = replace(proof, doubt=doubt)
            if not doubt:
                break
    return manifest.backup_id, tuple(proofs)


def _doubt(store: ObjectStore, proof: Proof, manifest: Manifest, key: "Verifier | None") -> str:
    from redis_dr.tasks.evidence.proof import read_proof  # noqa: PLC0415 same

    try:
        with store.open(
            backup_prefix(manifest.instance, manifest.backup_id) + proof.name
        ) as source:
            statement = read_proof(source.read(_LIMIT), key)
    except Damaged as error:
        return error.problem
    return doubt_about(statement, proof, manifest)
