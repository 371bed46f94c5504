"""Two RDB files against each other, at one moment: what was placed, and what the server held."""

from dataclasses import dataclass, field

from redis_dr.tasks.model.backup.inventory import Inventory


@dataclass(frozen=True, slots=True)
class ContentComparison:
    """What was placed against what the server held, at one moment."""

    placed: Inventory
    saved: Inventory
    by_bytes: bool = False  # the digests are of the records' own bytes, not of their content
    # keys per database; of more than 100,000 keys in all, those in the parts looked into
    missing: dict[int, int] = field(default_factory=dict)
    differing: dict[int, int] = field(default_factory=dict)
    unexpected: dict[int, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Every key of every database, and the functions."""
        dbs = {*self.placed.databases, *self.saved.databases}
        same = all(digest_in(self.placed, db) == digest_in(self.saved, db) for db in dbs)
        return same and self.placed.functions_digest == self.saved.functions_digest


def digest_in(inventory: Inventory, db: int) -> str:
    """The content digest of one database; a sum over no live key is "empty"."""
    found = inventory.databases.get(db)
    digest = found.digest if found else None
    return digest if digest and int(digest, 16) else "empty"
