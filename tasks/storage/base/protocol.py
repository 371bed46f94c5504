"""The one narrow seam to every object store.

Promises that each implementation keeps (tests/storage/test_contract.py holds them to it):
1. `put` is all or nothing: no reader ever sees half an object, and a failed one leaves nothing.
2. After `put` or `create` returns, `stat`, `open` and `list` see the object.
3. `delete` of a missing key succeeds, so that a retried delete is harmless.
4. A stream from `open` ends only at the object's end; everything else raises.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from redis_dr.tasks.model.errors import Damaged


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a listing tells about one object."""

    key: str  # relative to the store's prefix
    size: int  # bytes
    modified: datetime  # UTC, by the store's clock


class ObjectStore(Protocol):
    """Seven verbs, and a clock. All raise StoreError or TransientStoreError for a store's fault."""

    @property
    def address(self) -> str:
        """What people call this store, for texts; without credentials."""

    def put(self, key: str, source: BinaryIO) -> int:
        """Store what `source` gives up to its end and give its length; replaces what is there.

        An error of the source passes through, and nothing is stored.
        """

    def create(self, key: str, data: bytes) -> None:
        """Store a small object. Raises Refused when the key exists, if the store can tell.

        An object with the very same bytes may pass as our own, stored before an answer was lost.
        """

    def open(self, key: str, offset: int = 0) -> BinaryIO:
        """Read from `offset` on; resumes a dropped connection. Raises Damaged for a missing key."""

    def stat(self, key: str) -> StoredObject | None:
        """The object, or None when it is not there."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose key begins with `prefix`, in the order of their keys' UTF-8 bytes."""

    def delete(self, key: str) -> None:
        """Remove the object, if it is there."""

    def clock_ahead(self) -> timedelta | None:
        """How far the store's clock is ahead of this machine's, as its last answer told.

        None: nothing was asked yet, or the store has no clock but those of the hosts that write.
        """

    def sweep(self, before: datetime, *, apply: bool) -> tuple[StoredObject, ...]:
        """Unfinished uploads begun before this moment; with `apply` they are removed."""


def checked_key(key: str) -> str:
    """The key itself. Raises Damaged for one that could leave the store's prefix."""
    parts = key.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in key or "\\" in key:
        raise Damaged(
            f"{key!r} is not a name that a store may hold",
            "another program wrote it; look at the backup with `redis-dr list`",
        )
    return key
