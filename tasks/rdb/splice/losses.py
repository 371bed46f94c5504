"""Keys of the backup that the server will not hold after the restore: how many, and why."""

from collections import Counter
from collections.abc import Iterable, Sequence

from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.splice.result import SplicedLoss

OTHER_KEYS = "*"  # those that no pattern of the database matches


class Losses:
    """Of one database, by pattern and reason."""

    def __init__(self, rules: Sequence[KeyRule]) -> None:
        self._patterns = [rule.pattern for rule in rules]
        # (1 plus the index of the pattern or None, reason, without an expiry)
        self._keys: Counter[tuple[int | None, str, bool]] = Counter()

    def add(self, row: Row, index: int | None, reason: str) -> None:
        """Count one key."""
        self._keys[index, reason, row[2] is None] += 1

    def add_all(self, rows: Iterable[Row], indexes: Iterable[int | None], reason: str) -> None:
        """Count many."""
        self._keys.update(
            (index, reason, row[2] is None) for row, index in zip(rows, indexes, strict=True)
        )

    def result(self, db: int) -> list[SplicedLoss]:
        """In the order of the patterns; the other keys come last."""
        kinds = {(index, reason) for index, reason, _ in self._keys}
        last = len(self._patterns) + 1
        return [
            SplicedLoss(
                db,
                OTHER_KEYS if index is None else self._patterns[index - 1],
                reason,
                self._keys[index, reason, False] + self._keys[index, reason, True],
                self._keys[index, reason, True],
            )
            for index, reason in sorted(kinds, key=lambda kind: (kind[0] or last, kind[1]))
        ]
