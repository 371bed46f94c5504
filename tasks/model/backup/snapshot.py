"""The proof that a save is ours: what was seen around the BGSAVE, judged against the file.

LASTSAVE, rdb_saves and the status field each call an empty file a success when FLUSHALL kills the
saving child (facts/redis.md 8), so the file itself must agree with what the server held.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.stored_name import Role
from redis_dr.tasks.model.report import Finding

Counts = dict[int, tuple[int, int]]  # database -> keys, of those with an expiry


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One BGSAVE of ours, before its file is read."""

    begun_ms: int  # the server's TIME just before, Unix ms
    ended_ms: int  # the server's TIME when it was seen done
    before: Counts  # INFO keyspace in front of the BGSAVE, same pipeline
    after: Counts  # and behind it: the fork lies between
    saves_before: int  # rdb_saves: counts starts, not successes
    saves_after: int
    flushes_before: int  # FLUSHALL calls
    flushes_after: int
    seconds: float

    @property
    def forked_at(self) -> datetime:
        """UTC. The fork is a moment later; a later write is not in the file."""
        return datetime.fromtimestamp(self.begun_ms / 1000, UTC)

    def with_saves(self, saves: int) -> Self:
        """The same snapshot, judged by a later count of saves."""
        return replace(self, saves_after=saves)


def judge_snapshot(snapshot: Snapshot, inventory: Inventory | None) -> tuple[Finding, ...]:
    """Whether the pinned file is the save that we asked for; every finding must be ok."""
    findings = [
        _equal("no other save began", 1, snapshot.saves_after - snapshot.saves_before),
        _equal("no FLUSHALL during the save", 0, snapshot.flushes_after - snapshot.flushes_before),
    ]
    if inventory is not None:
        findings.append(_ctime(snapshot, inventory))
        findings.extend(_counts(snapshot, inventory))
    return tuple(findings)


def _ctime(snapshot: Snapshot, inventory: Inventory) -> Finding:
    text = inventory.aux.get("ctime", "")
    first, last = snapshot.begun_ms // 1000, snapshot.ended_ms // 1000
    return Finding(
        check="the file's ctime lies within the save",
        ok=text.isdigit() and first <= int(text) <= last,
        expected=f"{first} to {last}",
        actual=text,
    )


def _counts(snapshot: Snapshot, inventory: Inventory) -> list[Finding]:
    found = {db: (one.keys, one.expires) for db, one in inventory.databases.items()}
    findings = []
    for db in sorted({*snapshot.before, *snapshot.after, *found}):
        before, after = snapshot.before.get(db, (0, 0)), snapshot.after.get(db, (0, 0))
        keys = found.get(db, (0, 0))[0]
        low, high = min(before[0], after[0]), max(before[0], after[0])
        findings.append(
            Finding(
                check=f"keys of DB {db} are those of the fork",
                ok=low <= keys <= high,
                expected=low if low == high else f"{low} to {high}",
                actual=keys,
            )
        )
    return findings


def _equal(check: str, expected: int, actual: int) -> Finding:
    return Finding(check=check, ok=expected == actual, expected=expected, actual=actual)


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """One hard link under `.redis-dr/ID/pin/`; an increment grows on, so it is cut at `size`."""

    name: str  # in the backup: "dump.rdb", "appendonly/appendonly.aof.1.incr.aof"
    role: Role  # what the file is for
    path: str  # inside the helper container
    size: int  # bytes, at the moment of the pin


@dataclass(frozen=True, slots=True)
class LinkedAof:
    """The files of one append directory, all of one moment."""

    files: tuple[LinkedFile, ...] = ()  # in the order of the manifest
    manifest: str = ""  # its text, without history
    missing: str = ""  # why there are none although AOF is on
