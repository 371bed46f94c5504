"""A restore that ended proven is a proof of its backup: keep it in the store, as a drill's is."""

from dataclasses import dataclass
from importlib.metadata import version

from redis_dr.tasks.catalog.catalog import add_proof
from redis_dr.tasks.evidence.proof import load_signer, proof_of
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.model.drill.evidence import statement_of
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_report import LateReport, RestoreReport
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store


@dataclass(frozen=True, slots=True)
class KeptProof:
    """The name of the proof beside its backup, or why there is none."""

    name: str = ""
    findings: tuple[Finding, ...] = ()


def keep_proof(
    instance: Instance, manifest: Manifest, report: RestoreReport | LateReport
) -> KeptProof:
    """Keep it. A proof that cannot be kept is a finding: the data is back either way."""
    name = proof_name(kind_of(report), report.started_at, ok=True)
    try:
        data = proof_of(
            statement_of(report, manifest, version("redis-dr")), load_signer(instance.drill)
        )
        add_proof(open_store(instance.store), instance.name, manifest.backup_id, name, data)
    except RedisDrError as error:
        return KeptProof(findings=(not_kept(error),))
    return KeptProof(name)


def not_kept(error: RedisDrError) -> Finding:
    """The restore is proven, and the store does not know it."""
    return Finding(
        check="the proof is kept in the store",
        ok=False,
        actual=error.problem,
        detail=f"the restore itself is proven; {error.remedy}, then drill the backup",
    )


def kind_of(report: RestoreReport | LateReport) -> str:
    """Only "restore" proves a backup: the other kinds read a part of it.

    From the append-only files the dump was not read. In a sample not every key was compared.
    """
    if report.source == "aof":
        return "restore-aof"
    return "restore-sampled" if report.sampled else "restore"
