"""Did a drill boot these very bytes on this very image? Then a trial would show nothing new."""

from dataclasses import dataclass
from typing import Any

from redis_dr.tasks.evidence.proof import load_verifier, read_proof
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.server.target import Target
from redis_dr.tasks.model.settings.drill import DrillSettings
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore

_LIMIT = 4 * 2**20  # bytes; a longer file is not a proof


@dataclass(frozen=True, slots=True)
class Bytes:
    """What would be placed, and where it would be loaded."""

    backup_id: str
    sha256: str  # of the RDB
    image_id: str  # the engine's digest of the image
    target: Target


@dataclass(frozen=True, slots=True)
class DrilledBytes:
    """The proof that they load, and what they hold."""

    name: str
    load_seconds: float


@step
def drilled(
    store: ObjectStore, catalog: Catalog, wanted: Bytes, settings: DrillSettings
) -> DrilledBytes | None:
    """The newest such proof beside the backup. With a public key configured, only one it signed.

    Raises UsageError for a key that cannot be read, StoreError.
    """
    if wanted.target.modules:  # a drill loads none from the command line
        return None
    if catalog.proven_at(wanted.backup_id) is None:  # a later one failed, or the key is another
        return None
    key = load_verifier(settings)
    found = [
        proof
        for proof in catalog.proofs.get(wanted.backup_id, ())
        if proof.kind == "drill" and proof.ok
    ]
    for proof in sorted(found, key=lambda proof: proof.at, reverse=True):
        try:
            with store.open(
                backup_prefix(catalog.instance, proof.backup_id) + proof.name
            ) as source:
                predicate = read_proof(source.read(_LIMIT), key)["predicate"]
            if _same(predicate, wanted):
                return DrilledBytes(
                    proof.name, float(predicate["report"]["timings"].get("load", 0))
                )
        except (Damaged, KeyError, TypeError, ValueError):
            continue  # what cannot be read proves nothing
    return None


def _same(predicate: dict[str, Any], wanted: Bytes) -> bool:
    report, used = predicate["report"], predicate["backup"]["persistence"]
    target = wanted.target
    return bool(
        report["proven"] is True
        and report["backup_id"] == wanted.backup_id
        and report.get("placed_sha256") == wanted.sha256
        and report["image_id"] == wanted.image_id
        and used["appendonly"] == target.appendonly
        and used["databases"] <= target.databases
    )
