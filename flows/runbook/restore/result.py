"""What one restore did, and its report."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis_dr.flows.runbook.restore.cutover import CutoverResult
from redis_dr.flows.runbook.restore.lost import lost_keys
from redis_dr.flows.runbook.restore.plan import rule_lines
from redis_dr.flows.runbook.restore.prepare import RestorePlan
from redis_dr.flows.runbook.restore.run import RestoreRun
from redis_dr.flows.runbook.restore.trial import TrialResult
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.report import Finding, Heading, all_ok, heading
from redis_dr.tasks.model.restore.restore_report import RestoreReport


@dataclass(frozen=True, slots=True)
class Safety:
    """The backup of what a restore replaces, or why the store did not take it."""

    manifest: Manifest | None = None
    findings: tuple[Finding, ...] = ()  # they do not change the verdict

    @property
    def backup_id(self) -> str | None:
        """Its ID, None when there is none."""
        return self.manifest.backup_id if self.manifest else None


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The outcome of every part of a restore, the warm-up excepted."""

    run: RestoreRun
    plan: RestorePlan
    safety: Safety
    trial: TrialResult
    cutover: CutoverResult

    def heading(self) -> Heading:
        """The common report fields, for a restore that ends now."""
        findings = (
            *self.run.choice.findings,
            *self.plan.gates,
            *self.trial.findings,
            *self.cutover.findings,
        )
        operation = self.run.operation
        return heading(
            "restore",
            operation.instance.name,
            operation.timings,
            (*findings, *self.run.lease, *self.safety.findings),
            ok=all_ok(findings) and not self.cutover.rolled_back,
        )

    def report(self, common: Heading, warm_up: Mapping[str, object] | None) -> RestoreReport:
        """The whole report, once the warm-up is over."""
        operation, cutover = self.run.operation, self.cutover
        return RestoreReport(
            **common,
            lost=lost_keys(
                self.plan.data.spliced,
                operation.instance,
                answers=operation.survey.info is not None,
            ),
            backup_id=self.run.backup.manifest.backup_id,
            skipped=dict(self.run.choice.skipped),
            source=self.run.options.source,
            downtime_seconds=cutover.downtime_seconds,
            predicted_downtime_seconds=self.trial.downtime.seconds,
            prediction_doubt=self.trial.downtime.doubt,
            databases=cutover.databases,
            rules=rule_lines(self.plan.data.spliced),
            sampled=cutover.sampled,
            rolled_back=cutover.rolled_back,
            failure=cutover.failure,
            served=cutover.served,
            safety_backup_id=self.safety.backup_id,
            set_aside="" if cutover.rolled_back else operation.layout.old,
            warm=None if warm_up is None else dict(warm_up),
            timings=operation.timings.as_dict(),
        )
