"""One database of the result, being decided key by key."""

from collections.abc import Sequence

from tasks.rdb import format as rdb
from tasks.rdb.account import Account, RuleAccount
from tasks.rdb.encode import prefix
from tasks.rdb.leaders import shown
from tasks.rdb.patterns import matcher
from tasks.rdb.plan import SplicePlan
from tasks.rdb.quick import Row
from tasks.rdb.requeue import Requeue
from tasks.rdb.script import Script

BACKUP, LIVE = 0, 1
_FIELD_EXPIRY = frozenset(
    {rdb.HASH_METADATA, rdb.HASH_METADATA_RC, rdb.HASH_LISTPACK_EX, rdb.HASH_LISTPACK_EX_RC}
)


class Section:
    """Takes batches of the backup, then of the live set; knows then what is to be written."""

    def __init__(self, db: int, plan: SplicePlan) -> None:
        self.db = db
        self.plan = plan
        self.action = plan.action(db)
        self.script = Script()
        self.account = Account(plan.ttl_shift_ms, plan.now_ms)
        self.as_they_were: list[str] = []
        restored = self.action == "restore"
        rules, self._rule_of = matcher(plan.rules if restored else (), db)
        self.rules = [RuleAccount(rule) for rule in rules]
        self.requeues = {
            rule.requeue_to.encode(): Requeue(rule.requeue_to.encode())
            for rule in rules
            if rule.requeue_to is not None
        }
        floor = plan.epochs if restored and plan.epochs and plan.epochs.db == db else None
        self.epoch_names = floor.names if floor else frozenset()
        self.epochs: dict[tuple[int, bytes], Row] = {}  # (file, name)

    @property
    def whole(self) -> bool:
        """Every key is written as it is."""
        plain = not self.rules and not self.epoch_names and not self.plan.ttl_shift_ms
        return self.action == "restore" and plain

    def from_backup(self, rows: Sequence[Row]) -> None:
        """Decide about keys of the backup."""
        self.account.seen(rows)
        if self.action != "restore":
            self.account.dropped += len(rows)
        elif self.whole:
            self.script.copy(BACKUP, rows[0][4], rows[-1][5])
            self.account.wrote(rows, live=False)
        else:
            for row in rows:
                self._decide(row)

    def from_live(self, rows: Sequence[Row]) -> None:
        """Take from the live set what the plan keeps."""
        if self.action == "keep":
            self.script.copy(LIVE, rows[0][4], rows[-1][5])
            self.account.wrote(rows, live=True)
        elif self.action == "restore" and (self.rules or self.epoch_names):
            for row in rows:
                self._decide_live(row)

    def write(self, row: Row, file: int) -> None:
        """Write a key; expiries from the backup move by the plan's shift."""
        kind, _, expire, heat, start, end, record = row
        shift = self.plan.ttl_shift_ms if file == BACKUP else 0
        if shift and expire is not None:
            start = record
            self.script.literal(prefix(shifted(expire, shift), heat))
        if shift and kind in _FIELD_EXPIRY:
            if start != record:
                self.script.literal(prefix(None, heat))
            self.script.rewrite(file, record)
        else:
            self.script.copy(file, start, end)
        self.account.wrote((row,), live=file == LIVE)

    def _decide(self, row: Row) -> None:
        key = row[1]
        if key in self.epoch_names:
            self.epochs[BACKUP, key] = row
            return
        index = self._rule_of(key)
        action = "restore"
        if index is not None:
            rule = self.rules[index]
            rule.met(row)
            action = rule.rule.action
            if action == "requeue" and self._requeue(row, (rule.rule.requeue_to or "").encode()):
                return
        if action in {"drop", "keep"}:
            self.account.dropped += 1
        elif key in self.requeues:
            self.requeues[key].target = (BACKUP, row)
        else:
            self.write(row, BACKUP)

    def _requeue(self, row: Row, target: bytes) -> bool:
        """True when the key was taken as a source; a list is not put back into itself."""
        if row[1] == target:
            return False
        if rdb.TYPES[row[0]][0] != "list":
            self.as_they_were.append(f"{shown(row[1])} is no list, so it cannot be put back")
            return False
        self.requeues[target].sources.append(row)
        return True

    def _decide_live(self, row: Row) -> None:
        key = row[1]
        if key in self.epoch_names:
            self.epochs[LIVE, key] = row
            return
        index = self._rule_of(key)
        if index is None or self.rules[index].rule.action != "keep":
            return
        self.rules[index].live_keys += 1
        if key in self.requeues:
            self.requeues[key].target = (LIVE, row)
        else:
            self.write(row, LIVE)


def shifted(expire: int, shift: int) -> int:
    """An expiry moved; never before 1970, which would mean something else."""
    return max(expire + shift, 1)
