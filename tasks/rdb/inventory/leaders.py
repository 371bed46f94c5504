"""The keys worth naming: the largest and the hottest."""

import heapq
from collections.abc import Iterable
from typing import Final

from redis_dr.tasks.model.backup.inventory import KeySize
from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.scan.scan import Keys

_SHOWN: Final = 256  # characters of a key in a report

_Leader = tuple[int, int, int, Row]  # rank, minus its place in the file, database, row


def shown(name: bytes) -> str:
    """Bytes as text for people: backslash escapes for what is not UTF-8, cut when very long."""
    text = name[: 4 * _SHOWN].decode(errors="backslashreplace")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


class Leaders:
    """Keeps as many of each as asked for; one comparison for every other key."""

    def __init__(self, largest: int, hottest: int) -> None:
        self._largest = _Top(largest)
        self._hottest = _Top(hottest)

    def see(self, batch: Keys, sizes: list[int]) -> None:
        """Take note of a batch; `sizes` are the bytes of its records."""
        db, floor = batch.db, self._largest.floor
        if max(sizes) > floor:
            large = [row for row in batch.rows if row[5] - row[4] > floor]
            self._largest.add((row[5] - row[4], -row[4], db, row) for row in large)
        warm = [row for row in batch.rows if row[3] is not None]
        self._hottest.add((row[3] or 0, -row[4], db, row) for row in warm)

    @property
    def floors(self) -> tuple[int, int]:
        """What a record's bytes, and a key's heat, must exceed to be worth seeing."""
        return self._largest.floor, self._hottest.floor

    def largest(self) -> tuple[KeySize, ...]:
        """Largest first; bytes are those of the record in the file."""
        return tuple(_named(leader) for leader in self._largest.sorted())

    def hottest(self) -> tuple[KeySize, ...]:
        """Most frequently (LFU) or most recently (LRU) used first; empty without such data."""
        return tuple(_named(leader) for leader in self._hottest.sorted())


class _Top:
    """The greatest few."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._heap: list[_Leader] = []
        self.floor = -1 << 62 if count else 1 << 62  # what must be exceeded to get in

    def add(self, leaders: Iterable[_Leader]) -> None:
        for leader in leaders:
            if leader[0] <= self.floor:
                continue
            heapq.heappush(self._heap, leader)
            if len(self._heap) > self._count:
                heapq.heappop(self._heap)
            if len(self._heap) == self._count:
                self.floor = self._heap[0][0]

    def sorted(self) -> list[_Leader]:
        return sorted(self._heap, reverse=True)


def _named(leader: _Leader) -> KeySize:
    _, _, db, (kind, key, _, heat, start, end, _) = leader
    return KeySize(
        db=db,
        key=shown(key),
        type=rdb.TYPES[kind][0],
        bytes=end - start,
        frequency=heat if heat is not None and heat >= 0 else None,
        idle_seconds=-1 - heat if heat is not None and heat < 0 else None,
    )
