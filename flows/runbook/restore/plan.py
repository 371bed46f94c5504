"""What a restore would do, for the person who decides."""

from datetime import UTC, datetime

from redis_dr.flows.runbook.restore.look_ahead import with_entrypoint
from redis_dr.flows.runbook.restore.lost import keeps_live, lost_keys
from redis_dr.flows.runbook.restore.prepare import NewData, RestorePlan
from redis_dr.flows.runbook.restore.run import RestoreRun
from redis_dr.tasks.drill.history import recent_drills
from redis_dr.tasks.model.drill.drill_report import DrillLine
from redis_dr.tasks.model.report import all_ok, heading
from redis_dr.tasks.model.restore.lost import not_in_backup
from redis_dr.tasks.model.restore.restore_report import PlanReport, Prediction, RuleLine
from redis_dr.tasks.rdb import SpliceResult
from redis_dr.tasks.storage.opening import open_store

# facts/redis.md 5 and DESIGN.md: a load of 324 MB took about 3 s, of 1,000,000 keys 1.4 s
_BYTES_A_SECOND = 110e6
_KEYS_A_SECOND = 700e3
_STOP_SWAP_START = 0.7  # seconds, benchmarks/restore_downtime.py
_STOP_SWAP = 0.35


def predicted_downtime(data: NewData, drilled: DrillLine | None = None) -> Prediction:
    """From the stop to the first answer: by the last good drill, scaled to this size.

    Without one by the size and the keys of what is placed.
    """
    if drilled is not None and drilled.ok and drilled.size:
        boot, load = (drilled.timings.get(part, 0.0) for part in ("boot", "load"))
        seconds = round(_STOP_SWAP + boot + load * data.spliced.size / drilled.size, 1)
        return Prediction(seconds, "by the last drill, scaled to this size")
    load = max(data.spliced.size / _BYTES_A_SECOND, data.spliced.written / _KEYS_A_SECOND)
    return Prediction(round(_STOP_SWAP_START + load, 1), "a guess by size; nothing was measured")


def rule_lines(spliced: SpliceResult) -> tuple[RuleLine, ...]:
    """Every rule that meets keys of this backup."""
    return tuple(
        RuleLine(db=one.db, pattern=one.pattern, action=one.action, keys=one.keys, bytes=one.bytes)
        for one in spliced.rules
        if one.keys or one.live_keys
    )


def plan_report(run: RestoreRun, plan: RestorePlan) -> PlanReport:
    """The plan; every gate is a finding, and so are the newer backups that it passes over."""
    operation, catalog = run.operation, run.catalog
    info, data, manifest = operation.survey.info, plan.data, plan.data.backup.manifest
    proven, state = catalog.proven_at(manifest.backup_id), catalog.proof_state(manifest.backup_id)
    age = datetime.now(UTC) - catalog.moment(manifest)
    drills = recent_drills(open_store(operation.instance.store), catalog, 1)
    drilled = next(iter(drills), None)
    expected = with_entrypoint(predicted_downtime(data, drilled), plan.ahead)
    there_now = {db: one.keys for db, one in info.keyspace.items()} if info else {}
    replaced = {db: k for db, k in there_now.items() if not keeps_live(operation.instance, db)}
    in_backup = {db: one.in_backup for db, one in data.spliced.databases.items()}
    return PlanReport(
        **heading(
            "restore",
            operation.instance.name,
            operation.timings,
            (*run.choice.findings, *plan.gates, *run.lease),
            ok=all_ok((*run.choice.findings, *plan.gates)),
        ),
        backup_id=manifest.backup_id,
        backup_age_seconds=round(age.total_seconds(), 1),
        proven_at=proven.isoformat() if proven else None,
        lost=lost_keys(data.spliced, operation.instance, answers=info is not None),
        in_backup=in_backup,
        not_in_backup=not_in_backup(replaced, in_backup),
        answers=info is not None,
        there_now=there_now,
        skipped=dict(run.choice.skipped),
        proof=state.word,
        proof_reason=state.why,
        # a database without a key is named as well: that may be the news
        will_come={
            **dict.fromkeys(operation.instance.databases, 0),
            **{db: one.written for db, one in data.spliced.databases.items()},
        },
        rules=rule_lines(data.spliced),
        predicted_downtime_seconds=expected.seconds,
        prediction_doubt=expected.doubt,
    )
