"""Stage on the instance's volume, and see there that what was staged can be served."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.restore.look_ahead import with_entrypoint
from redis_dr.flows.runbook.restore.plan import predicted_downtime
from redis_dr.flows.runbook.restore.prepare import NewData
from redis_dr.flows.runbook.restore.run import RestoreRun
from redis_dr.tasks.drill.reuse import Bytes, DrilledBytes, drilled
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding, require
from redis_dr.tasks.model.restore.restore_report import Prediction
from redis_dr.tasks.restore.journal import end
from redis_dr.tasks.restore.staging import stage
from redis_dr.tasks.restore.swap import remove_home
from redis_dr.tasks.restore.trial import Trial, expected_downtime, trial_boot
from redis_dr.tasks.storage.opening import open_store


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What the trial showed."""

    findings: tuple[Finding, ...]
    downtime: Prediction


def prove_staged(run: RestoreRun, data: NewData) -> TrialResult:
    """Stage and boot. Raises Damaged, Refused when the trial is bad, SandboxFailed, Unreachable."""
    operation = run.operation
    operation.progress("staging on the volume")
    with operation.timings.measure("stage"):
        stage(operation.helper, operation.layout, data.target, data.placed, data.owner)
    if not (run.options.trial and operation.instance.restore.trial):
        return TrialResult((), with_entrypoint(predicted_downtime(data), run.ahead))
    if proof := _proof_of_bytes(run, data):
        before = _proven_before(operation, proof)
        return TrialResult(before.findings, with_entrypoint(before.downtime, run.ahead))
    operation.progress("trial boot of the staged files")
    trial = Trial(
        operation.survey.container,
        operation.layout,
        data.target,
        data.owner,
        data.placed,
        max(data.memory, data.spliced.size),
        written=data.spliced.written if data.backup.inventory is None else None,
    )
    with operation.timings.measure("trial"):
        boot = trial_boot(operation.helper, trial, operation.instance)
    expected = with_entrypoint(boot.downtime, run.ahead)
    return TrialResult(require(boot.findings, "restore"), expected)


@contextmanager
def clear_staged_on_failure(operation: Operation) -> Iterator[None]:
    """Before the stop: when the block fails, remove the staged files, and the journal last."""
    try:
        yield
    except BaseException:
        # the next operation clears away what stays; the error of the block is the one to report
        with contextlib.suppress(RedisDrError):
            remove_home(operation.helper, operation.layout, keep_old=False)
            end(operation.helper, operation.layout)
        raise


def _proof_of_bytes(run: RestoreRun, data: NewData) -> DrilledBytes | None:
    operation = run.operation
    wanted = Bytes(
        data.backup.manifest.backup_id,
        data.spliced.sha256,
        operation.survey.container.image_id,
        data.target,
    )
    settings = operation.instance.drill
    return drilled(open_store(operation.instance.store), run.catalog, wanted, settings)


def _proven_before(operation: Operation, proof: DrilledBytes) -> TrialResult:
    operation.progress("a drill has booted these very bytes on this image: no trial boot")
    finding = Finding(
        check="the same bytes were booted on the same image before",
        ok=True,
        actual=proof.name,
        detail="so there was no trial boot",
    )
    container = operation.survey.container.id
    doubt = "by the load of a drill, on another day and perhaps another machine"
    expected = expected_downtime(operation.helper, proof.load_seconds, container, doubt)
    return TrialResult((finding,), expected)
