"""Turn policies into a splice, and run it on this machine, before anything touches the server."""

from pathlib import Path

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import EpochFloor, SplicePlan, SpliceResult, splice
from redis_dr.tasks.step import step


def splice_plan(
    instance: Instance,
    manifest: Manifest,
    options: RestoreOptions,
    now_ms: int,
    *,
    has_live: bool,
) -> SplicePlan:
    """The policies of the configuration, for this backup. Pure.

    `has_live`: an RDB of the live server is at hand. Without one nothing can be kept: what should
    be kept is left out, because the backup's copy would be stale.
    """
    mode = options.ttl or instance.restore.ttl
    age_ms = now_ms - int(manifest.created_at.timestamp() * 1000)
    databases = {number: one.on_restore for number, one in instance.databases.items()}
    rules = instance.keys
    if not has_live:
        databases = {db: "empty" if one == "keep" else one for db, one in databases.items()}
        rules = tuple(_dropped(rule) for rule in rules)
    return SplicePlan(
        databases=databases,
        rules=rules,
        ttl_shift_ms=max(0, age_ms) if mode == "rebase" else 0,
        epochs=EpochFloor(
            db=instance.epochs.db,
            hashes=instance.epochs.hashes,
            counter=instance.epochs.counter,
        ),
        now_ms=now_ms,
    )


def _dropped(rule: KeyRule) -> KeyRule:
    return rule.model_copy(update={"on_restore": "drop"}) if rule.action == "keep" else rule


@step
def apply_policy(source: Path, target: Path, plan: SplicePlan, live: Path | None) -> SpliceResult:
    """Write the RDB that will be placed. Raises RdbError; UnknownRdb when only a server can."""
    with source.open("rb") as old, target.open("wb") as new:
        if live is None:
            return splice(old, new, plan)
        with live.open("rb") as present:
            return splice(old, new, plan, present)
