"""Stage on the instance's volume, and see there that what was staged can be served."""

from dataclasses import dataclass, replace
from pathlib import Path

from redis_dr.flows.runbook.operation.operation import Held
from redis_dr.flows.runbook.restore.plan import predicted_downtime, written_keys
from redis_dr.flows.runbook.restore.prepare import Prepared
from redis_dr.tasks.drill.reuse import Bytes, Drilled, drilled
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.gate import require
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.prediction import Prediction
from redis_dr.tasks.model.restore.restore_options import RestoreOptions
from redis_dr.tasks.restore.staging import stage
from redis_dr.tasks.restore.trial import Trial, expected_downtime, trial_boot
from redis_dr.tasks.storage.opening import open_store


@dataclass(frozen=True, slots=True)
class Opened:
    """A held instance, a chosen backup, and its RDB on this machine."""

    held: Held
    catalog: Catalog
    manifest: Manifest
    fetched: tuple[Path, Inventory | None]


@dataclass(frozen=True, slots=True)
class Tried:
    """What the trial showed."""

    findings: tuple[Finding, ...]
    downtime: Prediction


def prove_staged(opened: Opened, prepared: Prepared, options: RestoreOptions) -> Tried:
    """Stage and boot. Raises Damaged, Refused when the trial is bad, SandboxFailed, Unreachable."""
    held = opened.held
    held.say("staging on the volume")
    with held.timings.measure("stage"):
        stage(held.hands, held.layout, prepared.target, prepared.placed, prepared.owner)
    if not (options.trial and held.instance.restore.trial):
        return Tried((), predicted_downtime(prepared))
    if proof := _proof_of_bytes(opened, prepared):
        return _proven_before(held, proof)
    held.say("trial boot of the staged files")
    trial = Trial(
        held.found.container, held.layout, prepared.target, prepared.owner, prepared.placed
    )
    if prepared.inventory is None:
        trial = replace(trial, counted=written_keys(prepared.spliced))
    with held.timings.measure("trial"):
        booted = trial_boot(held.hands, trial, held.instance)
    return Tried(require(booted.findings, "restore"), booted.downtime)


def _proof_of_bytes(opened: Opened, prepared: Prepared) -> Drilled | None:
    held, spliced = opened.held, prepared.spliced
    wanted = Bytes(
        opened.manifest.backup_id,
        spliced.sha256,
        held.found.container.image_id,
        prepared.target,
    )
    settings = held.instance.drill
    return drilled(open_store(held.instance.store), opened.catalog, wanted, settings)


def _proven_before(held: Held, proof: Drilled) -> Tried:
    held.say("a drill has booted these very bytes on this image: no trial boot")
    finding = Finding(
        check="the same bytes were booted on the same image before",
        ok=True,
        actual=proof.name,
        detail="so there was no trial boot",
    )
    container = held.found.container.id
    doubt = "by the load of a drill, on another day and perhaps another machine"
    expected = expected_downtime(held.hands, proof.load_seconds, container, doubt)
    return Tried((finding,), expected)
