"""What a splice did, exactly: in_backup = from_backup + dropped, for each database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SplicedDatabase:
    """One database of the backup or of the result. Numbers are keys."""

    in_backup: int = 0
    in_backup_expires: int = 0  # of those, with an expiry
    from_backup: int = 0  # written, also those that were changed on the way
    dropped: int = 0  # by database policy or key rule
    from_live: int = 0  # written, taken from the live set
    created: int = 0  # written, in neither as a key of its own (a requeue's new list)
    expires: int = 0  # of the written, with an expiry
    expired_at_now: int = 0  # of the written, already past: a load of a plain RDB drops them

    @property
    def written(self) -> int:
        """Keys of the result."""
        return self.from_backup + self.from_live + self.created


@dataclass(frozen=True, slots=True)
class SplicedRule:
    """What one key rule met in the databases that were restored."""

    db: int
    pattern: str
    action: str  # restore, drop, keep, requeue
    keys: int = 0  # in the backup
    bytes: int = 0  # of their records there
    live_keys: int = 0  # taken from the live set (keep)


@dataclass(frozen=True, slots=True)
class SplicedLoss:
    """Keys of the backup that are not in the result, or that a load of the result drops."""

    db: int
    pattern: str  # "*": keys that no pattern of the database matches
    reason: str  # empty or keep (of the database), drop or keep (of the rule), expired
    keys: int
    durable: int  # of those, without an expiry


@dataclass(frozen=True, slots=True)
class Requeued:
    """What became of the lists that a rule puts back into `list`."""

    db: int
    list: str
    sources: int  # lists emptied into it
    elements: int  # put in front
    already_there: int  # in it before, or twice in the sources, so not put again
    created: bool  # the backup did not hold the list


@dataclass(frozen=True, slots=True)
class EpochChange:
    """What became of one epoch key."""

    db: int
    key: str
    raised: int  # values that are now one above the higher of both sides
    only_live: int  # of those, unknown to the backup
    left: tuple[
        str, ...
    ] = ()  # fields whose value is not an integer and stays ("" for a string); 100 of them


@dataclass(frozen=True, slots=True)
class SpliceResult:
    """The whole account; `size` bytes with this SHA-256 were written."""

    rdb_version: int
    databases: dict[int, SplicedDatabase]
    rules: tuple[SplicedRule, ...]
    requeued: tuple[Requeued, ...]
    epochs: tuple[EpochChange, ...]
    as_they_were: tuple[str, ...]  # why a key that a rule names was written unchanged
    functions: int  # libraries, all kept
    size: int
    sha256: str  # hex
    lost: tuple[SplicedLoss, ...] = ()

    @property
    def written(self) -> int:
        """Keys of the result in all databases."""
        return sum(database.written for database in self.databases.values())
