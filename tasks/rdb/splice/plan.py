"""What a splice is to do: which databases and keys come from the backup, from live, or go."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.keys import KeyRule


@dataclass(frozen=True, slots=True)
class EpochFloor:
    """Counters that must never be seen with an old value again.

    After the splice every value is one more than the higher of backup and live.
    """

    db: int = 0
    hashes: tuple[str, ...] = ()  # names of hashes in which every field holds an integer
    counter: str | None = None  # name of one string that holds an integer

    @property
    def names(self) -> frozenset[bytes]:
        """All names, as keys."""
        counter = () if self.counter is None else (self.counter,)
        return frozenset(name.encode() for name in (*self.hashes, *counter))


@dataclass(frozen=True, slots=True)
class SplicePlan:
    """Databases first; key rules refine the databases that are restored, and no others."""

    databases: Mapping[int, str] = field(default_factory=dict)  # restore | empty | keep
    default: str = "restore"  # of databases not named
    rules: tuple[KeyRule, ...] = ()  # the first that matches decides; none: restore
    ttl_shift_ms: int = 0  # added to every expiry from the backup, also those of hash fields
    only: frozenset[int] | None = None  # take these databases and no others (export)
    epochs: EpochFloor | None = None
    now_ms: int = 0  # Unix ms, what `expired_at_now` is judged against

    def __post_init__(self) -> None:
        """Refuse words that mean nothing: a database must not be left out by a slip."""
        for policy in (self.default, *self.databases.values()):
            if policy not in {"restore", "empty", "keep"}:
                raise UsageError(
                    f"{policy!r} is not a policy of a database",
                    "write restore, empty or keep",
                )

    def action(self, db: int) -> str:
        """restore, empty or keep."""
        if self.only is not None and db not in self.only:
            return "empty"
        return self.databases.get(db, self.default)

    @property
    def wants_live(self) -> bool:
        """Something is to come from the live set, so that it cannot be left out."""
        actions = {self.default, *self.databases.values()}
        return "keep" in actions or any(rule.action == "keep" for rule in self.rules)
