"""Earlier drills, read from the proofs beside the backups: there is no other record of them."""

from redis_dr.tasks.evidence.proof import read_proof
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.drill.drill_report import DrillLine
from redis_dr.tasks.model.drill.evidence import line_of
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore

_LIMIT = 4 * 2**20  # bytes; a longer file is not a proof


def drills_so_far(catalog: Catalog) -> int:
    """How many drills of the instance are on record, good and bad."""
    return sum(proof.kind == "drill" for found in catalog.proofs.values() for proof in found)


@step
def recent_drills(store: ObjectStore, catalog: Catalog, at_most: int) -> tuple[DrillLine, ...]:
    """The last drills, oldest first; what cannot be read is left out: it proves nothing."""
    found = [
        proof for proofs in catalog.proofs.values() for proof in proofs if proof.kind == "drill"
    ]
    lines = []
    for proof in sorted(found, key=lambda proof: proof.moment)[-at_most:]:
        key = backup_prefix(catalog.instance, proof.backup_id) + proof.name
        try:
            with store.open(key) as source:
                lines.append(line_of(read_proof(source.read(_LIMIT))))
        except (Damaged, KeyError, TypeError, ValueError):
            continue
    return tuple(lines)
