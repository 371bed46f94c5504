"""What a restore loses, by database and pattern, with the reason."""

from redis_dr.tasks.model.restore.lost import Lost, LostKeys
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.rdb import OTHER_KEYS, SplicedLoss, SpliceResult

_NO_LIVE = "the server does not answer"


def lost_keys(spliced: SpliceResult, instance: Instance, *, answers: bool) -> Lost:
    """From the account of the new file. `answers`: the server can give what `keep` keeps.

    Keys that are kept are not lost: the server's own copies stand for them.
    """
    lost: Lost = {}
    for loss in spliced.lost:
        kept = _is_kept(loss, instance)
        if not (kept and answers):
            lost.setdefault(loss.db, {})
            _add(lost[loss.db], loss, _reason(loss, kept=kept))
    return lost


def _add(patterns: dict[str, LostKeys], loss: SplicedLoss, reason: str) -> None:
    before = patterns.get(loss.pattern)
    if before is not None and reason != before.reason:
        reason = f"{before.reason}; {reason}"
    keys, durable = (before.keys, before.durable) if before is not None else (0, 0)
    patterns[loss.pattern] = LostKeys(
        keys=keys + loss.keys, durable=durable + loss.durable, reason=reason
    )


def _is_kept(loss: SplicedLoss, instance: Instance) -> bool:
    if loss.reason in {"empty", "keep"} and instance.database(loss.db).on_restore == "keep":
        return True
    return loss.reason in {"drop", "keep"} and any(
        rule.action == "keep" and (rule.db, rule.pattern) == (loss.db, loss.pattern)
        for rule in instance.keys
    )


def _reason(loss: SplicedLoss, *, kept: bool) -> str:
    if loss.reason == "expired":
        return "expired since the backup"
    whole = loss.reason == "empty" or loss.pattern == OTHER_KEYS
    where = f"[databases.{loss.db}]" if whole else "its rule"
    action = f"keep, and {_NO_LIVE}" if kept else loss.reason
    return f"{where}: on_restore = {action}"


def keeps_live(instance: Instance, db: int) -> bool:
    """Keys of the server stay in this database, so a difference of counts says nothing."""
    rules = any(rule.action == "keep" and rule.db == db for rule in instance.keys)
    return rules or instance.database(db).on_restore == "keep"
