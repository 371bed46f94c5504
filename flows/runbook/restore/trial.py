"""Stage on the instance's volume, and see there that what was staged can be served."""

from dataclasses import dataclass, replace
from pathlib import Path

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.restore.plan import predicted_downtime, written_keys
from redis_dr.flows.runbook.restore.prepare import PreparedRestore
from redis_dr.tasks.drill.reuse import Bytes, DrilledBytes, drilled
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.report import Finding, require
from redis_dr.tasks.model.restore.restore_report import Prediction, RestoreOptions
from redis_dr.tasks.restore.staging import stage
from redis_dr.tasks.restore.trial import Trial, expected_downtime, trial_boot
from redis_dr.tasks.storage.opening import open_store


@dataclass(frozen=True, slots=True)
class OpenedRestore:
    """A held instance, a chosen backup, and its RDB on this machine."""

    operation: Operation
    catalog: Catalog
    manifest: Manifest
    fetched: tuple[Path, Inventory | None]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What the trial showed."""

    findings: tuple[Finding, ...]
    downtime: Prediction


def prove_staged(
    opened: OpenedRestore, prepared: PreparedRestore, options: RestoreOptions
) -> TrialResult:
    """Stage and boot. Raises Damaged, Refused when the trial is bad, SandboxFailed, Unreachable."""
    operation = opened.operation
    operation.progress("staging on the volume")
    with operation.timings.measure("stage"):
        stage(operation.helper, operation.layout, prepared.target, prepared.placed, prepared.owner)
    if not (options.trial and operation.instance.restore.trial):
        return TrialResult((), predicted_downtime(prepared))
    if proof := _proof_of_bytes(opened, prepared):
        return _proven_before(operation, proof)
    operation.progress("trial boot of the staged files")
    trial = Trial(
        operation.found.container,
        operation.layout,
        prepared.target,
        prepared.owner,
        prepared.placed,
    )
    if prepared.inventory is None:
        trial = replace(trial, counted=written_keys(prepared.spliced))
    with operation.timings.measure("trial"):
        booted = trial_boot(operation.helper, trial, operation.instance)
    return TrialResult(require(booted.findings, "restore"), booted.downtime)


def _proof_of_bytes(opened: OpenedRestore, prepared: PreparedRestore) -> DrilledBytes | None:
    operation, spliced = opened.operation, prepared.spliced
    wanted = Bytes(
        opened.manifest.backup_id,
        spliced.sha256,
        operation.found.container.image_id,
        prepared.target,
    )
    settings = operation.instance.drill
    return drilled(open_store(operation.instance.store), opened.catalog, wanted, settings)


def _proven_before(operation: Operation, proof: DrilledBytes) -> TrialResult:
    operation.progress("a drill has booted these very bytes on this image: no trial boot")
    finding = Finding(
        check="the same bytes were booted on the same image before",
        ok=True,
        actual=proof.name,
        detail="so there was no trial boot",
    )
    container = operation.found.container.id
    doubt = "by the load of a drill, on another day and perhaps another machine"
    expected = expected_downtime(operation.helper, proof.load_seconds, container, doubt)
    return TrialResult((finding,), expected)
