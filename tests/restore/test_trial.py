"""No trial boot only where a drill has booted the very same bytes on the same image."""

import json
import secrets
from pathlib import Path

import pytest

from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.tasks.model.restore.restore_report import RestoreReport
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill

CHECK = "the same bytes were booted on the same image before"


def skipped(report: RestoreReport) -> bool:
    assert report.ok, [one for one in report.findings if not one.ok]
    told = any(one.check == CHECK for one in report.findings)
    assert told == ("trial" not in report.timings)
    return told


def drilled(make_redis: Make) -> ManagedRedis:
    """Under a name of its own: two drills of one instance refuse each other."""
    return make_redis(fields={"name": f"trial-{secrets.token_hex(4)}"})


def proven(made: ManagedRedis) -> Path:
    """Back up and drill; the proof."""
    fill(made.server)
    backup_id = made.backup().backup_id
    report = drill(made.instance, DrillOptions(control=False))
    assert report.proven, [one for one in report.findings if not one.ok]
    return made.store / made.instance.name / "backups" / backup_id / "proofs" / report.proof


def test_a_drill_of_the_same_bytes_on_the_same_image_spares_the_trial(make_redis: Make) -> None:
    """
    Drilled, then FLUSHALL, then restored: no trial boot, and the content is the backup's. The
    prediction still comes before the stop, and says that its load was measured then and there.
    """
    made = drilled(make_redis)
    proven(made)
    before = made.digest()
    made.server.client().flushall()

    report = made.restore()
    assert skipped(report)
    assert made.digest() == before
    assert report.predicted_downtime_seconds > 0
    assert "drill" in report.prediction_doubt


@pytest.mark.parametrize(
    ("field", "value"),
    [("placed_sha256", "0" * 64), ("image_id", "sha256:another"), ("proven", False)],
)
def test_a_proof_of_other_bytes_or_another_image_spares_nothing(
    make_redis: Make, field: str, value: object
) -> None:
    """
    The proof beside the backup speaks of other bytes, of another image, or of a failure: the
    trial boot takes place.
    """
    made = drilled(make_redis)
    proof = proven(made)
    statement = json.loads(proof.read_text())
    statement["predicate"]["report"][field] = value
    proof.write_text(json.dumps(statement))

    assert not skipped(made.restore(safety_backup=False))


def test_another_policy_gives_other_bytes(make_redis: Make) -> None:
    """
    Since the drill a rule was written that drops keys: what is placed is new, so it is tried.
    """
    made = drilled(make_redis)
    proven(made)
    rules = {"keys": [{"pattern": "cache:0:{n}", "on_restore": "drop"}]}
    fields = {**made.instance.model_dump(exclude={"password"}), **rules}
    other = made.instance.model_validate({**fields, "password": made.server.password})
    changed = ManagedRedis(made.server, made.store, other)

    report = changed.restore(safety_backup=False)
    assert not skipped(report)
    assert report.databases[0].dropped == 300


def test_without_a_drill_there_is_a_trial(filled_redis: ManagedRedis) -> None:
    """
    No proof beside the backup: the staged files are booted first.
    """
    filled_redis.backup()
    assert not skipped(filled_redis.restore(safety_backup=False))
