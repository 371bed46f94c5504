"""Whose word a proof is: anybody who may write to the store can name a file "ok"."""

from typing import Any

from redis_dr.tasks.drill.evidence import Verifier, load_verifier, read_proof
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.catalog.catalog import Catalog, Proof
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore

_LIMIT = 4 * 2**20  # bytes


@step
def judge_signature(store: ObjectStore, catalog: Catalog, instance: Instance) -> Finding:
    """Whether the newest good drill was signed by the configured key. Raises UsageError."""
    key = load_verifier(instance.drill)
    found = [proof for proofs in catalog.proofs.values() for proof in proofs]
    drills = [proof for proof in found if proof.kind == "drill" and proof.ok]
    if not drills:
        return _finding("there is no drill", ok=False)
    newest = max(drills, key=lambda proof: proof.at)
    try:
        statement = _statement(store, catalog, newest, key)
    except Damaged as error:
        return _finding(f"{newest.name}: {error.problem}", ok=False)
    report = statement["predicate"].get("report", {})
    same = report.get("backup_id") == newest.backup_id and report.get("proven") is True
    return _finding(newest.name if same else f"{newest.name} speaks of another outcome", ok=same)


def _statement(
    store: ObjectStore, catalog: Catalog, proof: Proof, key: Verifier | None
) -> dict[str, Any]:
    name = backup_prefix(catalog.instance, proof.backup_id) + proof.name
    with store.open(name) as source:
        return read_proof(source.read(_LIMIT), key)


def _finding(actual: str, *, ok: bool) -> Finding:
    return Finding(
        check="the newest proof is signed", ok=ok, expected="by the configured key", actual=actual
    )
