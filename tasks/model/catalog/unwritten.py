"""What a store does not take while reading goes on; the verdict stays that of the work. Pure."""

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding


def no_lease(error: RedisDrError) -> Finding:
    """The store takes no lease, so a prune elsewhere does not see that the backup is read."""
    return Finding(
        check="prune is kept away from the backup",
        ok=False,
        expected="a lease in the store",
        actual=error.problem,
        detail="the work goes on, because reading is enough; run no prune until it has ended",
    )


def no_proof(error: RedisDrError, work: str) -> Finding:
    """The store takes no proof, so the catalog will not show what this work found."""
    return Finding(
        check="the proof is kept in the store",
        ok=False,
        expected="a proof beside the backup",
        actual=error.problem,
        detail=f"the outcome of the {work} stands; `redis-dr list` does not show it; "
        f"{error.remedy}",
    )


def no_safety_backup(error: RedisDrError, folder: str) -> Finding:
    """The store takes no safety backup, so what is replaced lies on the volume alone."""
    return Finding(
        check="safety backup",
        ok=False,
        expected="a backup of what is replaced",
        actual=error.problem,
        detail=f"the restore goes on: what it replaces stays on the volume in {folder}",
    )
