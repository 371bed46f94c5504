"""Read the clocks of server and store, for the manifest that is about to be written."""

from datetime import UTC, datetime

from redis_dr.tasks.model.backup.clocks import ClockReading, Clocks, compare_clocks
from redis_dr.tasks.server.connection import ServerConnection, server_time_ms
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore


@step
def read_clocks(
    server: ServerConnection, store: ObjectStore, stored: str, since: datetime
) -> Clocks:
    """Compare the clocks. Raises Unreachable, StoreError.

    `stored` is the key of an object that this operation wrote, `since` this machine's time before
    it was written: a store that does not tell its clock has noted one time at least.
    """
    client = server.client()
    with server.errors():
        before = datetime.now(UTC)
        theirs = datetime.fromtimestamp(server_time_ms(client) / 1000, UTC)
        reading = ClockReading(before, theirs, datetime.now(UTC))
    found = store.stat(stored)
    ahead = store.clock_ahead()
    if ahead is None and found is not None:
        ahead = ClockReading(since, found.modified, datetime.now(UTC)).ahead
    return compare_clocks(reading, ahead)
