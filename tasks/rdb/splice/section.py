"""One database of the result, being decided key by key."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.inventory.leaders import shown
from redis_dr.tasks.rdb.inventory.patterns import matcher
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.splice.account import DROP, KEEP, REQUEUE, Account, RuleAccount
from redis_dr.tasks.rdb.splice.encode import prefix
from redis_dr.tasks.rdb.splice.losses import Losses
from redis_dr.tasks.rdb.splice.plan import SplicePlan
from redis_dr.tasks.rdb.splice.requeue import Requeue
from redis_dr.tasks.rdb.splice.script import Ranges, Script

BACKUP, LIVE = 0, 1
_EXPIRE_MS_SIZE: Final = 9  # bytes; a shorter prefix holds seconds (Redis 2.4)


class DatabaseSection:
    """Takes batches of the backup, then of the live set; knows then what is to be written."""

    def __init__(self, db: int, plan: SplicePlan) -> None:
        self.db = db
        self.plan = plan
        self.action = plan.action(db)
        self.script = Script()
        self.account = Account(plan.ttl_shift_ms, plan.now_ms)
        self.as_they_were: list[str] = []
        restored = self.action == "restore"
        rules, self._indexes_of = matcher(plan.rules, db)
        self.losses = Losses(rules)  # by the patterns, also where the rules do not hold
        rules = rules if restored else ()
        self.rules = [RuleAccount(rule) for rule in rules]
        self.requeues = {
            rule.requeue_to.encode(): Requeue(rule.requeue_to.encode())
            for rule in rules
            if rule.requeue_to is not None
        }
        floor = plan.epochs if restored and plan.epochs and plan.epochs.db == db else None
        self.epoch_names = floor.names if floor else frozenset()
        self._special = self.epoch_names | self.requeues.keys()
        self.plain = not self.rules and not self.epoch_names  # every key is written
        self.epochs: dict[tuple[int, bytes], Row] = {}  # (file, name)

    def from_backup(self, rows: Sequence[Row]) -> None:
        """Decide about keys of the backup."""
        self.account.seen(rows)
        if self.action != "restore":
            self.account.dropped += len(rows)
            self.losses.add_all(rows, self._indexes_of(rows), self.action)
        elif self.plain and not self.plan.ttl_shift_ms:
            self._count_written(rows, BACKUP)
            self.script.copy(BACKUP, rows[0][4], rows[-1][5])
        elif self.plain:
            self._write(rows, BACKUP)
        else:
            self._write(self._decide(rows), BACKUP)

    def from_live(self, rows: Sequence[Row]) -> None:
        """Take from the live set what the plan keeps."""
        if self.action == "keep":
            self._write(rows, LIVE)
        elif self.action == "restore" and not self.plain:
            self._write(self._decide_live(rows), LIVE)

    def write(self, row: Row, file: int) -> None:
        """Write one key late, as it is but for its expiries."""
        self._write((row,), file)

    def _decide(self, rows: Sequence[Row]) -> list[Row]:
        """Those rows of the backup that are written as they are."""
        indexes = self._indexes_of(rows)
        self._count_rules(rows, indexes)
        special, dropped, kept = self._special, 0, []
        fates = (KEEP, *(rule.fate for rule in self.rules))
        for row, index in zip(rows, indexes, strict=True):
            fate = fates[index or 0]
            if row[1] in special or fate == REQUEUE:
                if self._decide_special(row, None if index is None else self.rules[index - 1]):
                    kept.append(row)
            elif fate == KEEP:
                kept.append(row)
            else:
                dropped += 1
                self._lose(row, index)
        self.account.dropped += dropped
        return kept

    def _decide_special(self, row: Row, rule: RuleAccount | None) -> bool:
        """False for a key that is dropped, or can be written only when all is read."""
        if row[1] not in self.epoch_names and rule is not None:
            if rule.fate == DROP:
                self.account.dropped += 1
                self._lose(row, self.rules.index(rule) + 1)
                return False
            if self._requeue(row, rule):
                return False
        return not self._set_aside(row, BACKUP)

    def _lose(self, row: Row, index: int | None) -> None:
        assert index is not None  # noqa: S101 only a rule drops a key of a restored database
        self.losses.add(row, index, self.rules[index - 1].rule.action)

    def _count_rules(self, rows: Sequence[Row], indexes: Sequence[int | None]) -> None:
        sizes = dict.fromkeys(range(1, len(self.rules) + 1), 0)
        for row, index in zip(rows, indexes, strict=True):
            if index is not None:
                sizes[index] += row[5] - row[4]
        counts = Counter(indexes)
        for index, size in sizes.items():
            self.rules[index - 1].bytes += size
            self.rules[index - 1].keys += counts[index]

    def _decide_live(self, rows: Sequence[Row]) -> list[Row]:
        """Those rows of the live set that are written as they are."""
        kept = []
        for row, index in zip(rows, self._indexes_of(rows), strict=True):
            if row[1] in self.epoch_names:
                self.epochs[LIVE, row[1]] = row
            elif index is not None and self.rules[index - 1].keeps:
                self.rules[index - 1].live_keys += 1
                if not self._set_aside(row, LIVE):
                    kept.append(row)
        return kept

    def _set_aside(self, row: Row, file: int) -> bool:
        """True for a key that can be written only when all is read."""
        key = row[1]
        if key in self.epoch_names:
            self.epochs[file, key] = row
            return True
        if key in self.requeues:
            self.requeues[key].target = (file, row)
            return True
        return False

    def _requeue(self, row: Row, rule: RuleAccount) -> bool:
        """True when the key was taken as a source; a list is not put back into itself."""
        target = rule.requeue_to
        if target is None or row[1] == target:
            return False
        if rdb.TYPES[row[0]][0] != "list":
            self.as_they_were.append(f"{shown(row[1])} is not a list, so it cannot be put back")
            return False
        self.requeues[target].sources.append(row)
        return True

    def _write(self, rows: Sequence[Row], file: int) -> None:
        """Write rows that are in the order of the file."""
        self._count_written(rows, file)
        if file == BACKUP and self.plan.ttl_shift_ms:
            self._write_moved(rows)
        else:
            self.script.ranges(Ranges(file, _bounds(rows)))

    def _count_written(self, rows: Sequence[Row], file: int) -> None:
        if self.account.wrote(rows, live=file == LIVE) and file == BACKUP:
            past = self.account.past
            gone = [row for row in rows if row[2] is not None and row[2] <= past]
            self.losses.add_all(gone, self._indexes_of(gone), "expired")

    def _write_moved(self, rows: Sequence[Row]) -> None:
        """The same with all expiries moved: in place where the file has the usual layout."""
        usual: list[Row] = []
        for row in rows:
            kind, _, expire, heat, start, _, record = row
            seconds = expire is not None and record - start < _EXPIRE_MS_SIZE
            if not seconds and kind not in rdb.FIELD_EXPIRY:
                usual.append(row)
                continue
            self._note_moved(usual)
            usual = []
            moved = None if expire is None else shifted(expire, self.plan.ttl_shift_ms)
            self.script.literal(prefix(moved, heat))
            if kind in rdb.FIELD_EXPIRY:
                self.script.rewrite(BACKUP, record)
            else:
                self.script.copy(BACKUP, record, row[5])
        self._note_moved(usual)

    def _note_moved(self, rows: Sequence[Row]) -> None:
        expiries = [row[4] for row in rows if row[2] is not None]
        self.script.ranges(Ranges(BACKUP, _bounds(rows), expiries))


def _bounds(rows: Sequence[Row]) -> list[int]:
    """Start and end of each run of records that touch."""
    bounds: list[int] = []
    end = -1
    for row in rows:
        if row[4] != end:
            bounds += (end, row[4])
        end = row[5]
    return [*bounds[1:], end] if bounds else []


def shifted(expire: int, shift: int) -> int:
    """An expiry moved; never before 1970, which would mean something else."""
    return max(expire + shift, 1)
