"""Numbers that grow while a splice decides; frozen into its result."""

from collections.abc import Sequence
from typing import Final

from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.splice.result import SplicedDatabase, SplicedRule

KEEP, DROP, REQUEUE = 0, 1, 2
_FATES: Final = {"restore": KEEP, "drop": DROP, "keep": DROP, "requeue": REQUEUE}


class Account:
    """One database."""

    def __init__(self, plan_shift_ms: int, now_ms: int) -> None:
        self._now = now_ms
        self.past = now_ms - plan_shift_ms  # an expiry of the backup that is not later has expired
        self.in_backup = self.in_backup_expires = 0
        self.from_backup = self.dropped = self.from_live = self.created = 0
        self.expires = self.expired_at_now = 0

    def seen(self, rows: Sequence[Row]) -> None:
        """Keys that the backup holds."""
        self.in_backup += len(rows)
        self.in_backup_expires += sum(row[2] is not None for row in rows)

    def wrote(self, rows: Sequence[Row], *, live: bool) -> int:
        """Keys that the result holds; returns how many of them have expired by now."""
        if live:
            self.from_live += len(rows)
        else:
            self.from_backup += len(rows)
        expiries = [row[2] for row in rows if row[2] is not None]
        past = self._now if live else self.past
        self.expires += len(expiries)
        expired = sum(expire <= past for expire in expiries)
        self.expired_at_now += expired
        return expired

    def made(self, expire_ms: int | None) -> None:
        """Count the expiry, as written, of a rewritten key; its origin is counted separately."""
        if expire_ms is not None:
            self.expires += 1
            self.expired_at_now += expire_ms <= self._now

    def result(self) -> SplicedDatabase:
        """The numbers."""
        return SplicedDatabase(
            in_backup=self.in_backup,
            in_backup_expires=self.in_backup_expires,
            from_backup=self.from_backup,
            dropped=self.dropped,
            from_live=self.from_live,
            created=self.created,
            expires=self.expires,
            expired_at_now=self.expired_at_now,
        )


class RuleAccount:
    """One key rule."""

    def __init__(self, rule: KeyRule) -> None:
        self.rule = rule
        self.fate = _FATES[rule.action]  # of what the backup holds of it
        self.keeps = rule.action == "keep"
        self.requeue_to = None if rule.requeue_to is None else rule.requeue_to.encode()
        self.keys = self.bytes = self.live_keys = 0

    def result(self) -> SplicedRule:
        """The numbers."""
        rule = self.rule
        return SplicedRule(
            rule.db, rule.pattern, rule.action, self.keys, self.bytes, self.live_keys
        )
