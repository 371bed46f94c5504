"""What an inventory is asked for."""

from dataclasses import dataclass

from redis_dr.tasks.model.settings.keys import KeyRule


@dataclass(frozen=True, slots=True)
class InventoryOptions:
    """What to count beside keys, and against which moments (Unix ms)."""

    rules: tuple[KeyRule, ...] = ()
    taken_at_ms: int = 0  # expiries up to here count as expired
    digest: bool = True
    largest: int = 20
    hottest: int = 20
    alive_at_ms: int | None = None  # digest and `alive` leave out what has expired by here
