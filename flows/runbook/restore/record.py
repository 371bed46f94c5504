"""A restore that ended proven is a proof of its backup: keep it in the store, as a drill's is."""

from importlib.metadata import version

from redis_dr.flows.runbook.restore.result import RestoreResult
from redis_dr.tasks.catalog.catalog import add_proof
from redis_dr.tasks.evidence.proof import load_signer, proof_of
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.model.drill.evidence import statement_of
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_report import RestoreReport
from redis_dr.tasks.storage.opening import open_store


def record(result: RestoreResult, report: RestoreReport) -> RestoreReport:
    """The report with the name of its proof. A proof that cannot be kept is a finding.

    The data is back either way, so the restore stays what it is.
    """
    if not report.ok or report.rolled_back:
        return report
    manifest = result.run.backup.manifest
    instance = result.run.operation.instance
    name = proof_name(kind_of(report), report.started_at, ok=True)
    try:
        data = proof_of(
            statement_of(report, manifest, version("redis-dr")), load_signer(instance.drill)
        )
        add_proof(open_store(instance.store), instance.name, manifest.backup_id, name, data)
    except RedisDrError as error:
        finding = Finding(
            check="the proof is kept in the store",
            ok=False,
            actual=error.problem,
            detail=f"the restore itself is proven; {error.remedy}, then drill the backup",
        )
        return report.model_copy(update={"findings": (*report.findings, finding)})
    return report.model_copy(update={"proof": name})


def kind_of(report: RestoreReport) -> str:
    """Only "restore" proves a backup: the other kinds read a part of it.

    From the append-only files the dump was not read. In a sample not every key was compared.
    """
    if report.source == "aof":
        return "restore-aof"
    return "restore-sampled" if report.sampled else "restore"
