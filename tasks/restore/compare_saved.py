"""The same comparison by a save of the restored server, read back: it blocks nobody.

For servers that do not let us DUMP, and for values so large that their DUMP would hold up all
clients (measured: 16 MB of random bytes 1.1 s, 64 MB 6.3 s on a busy machine).
"""

from collections import Counter
from pathlib import Path

from redis_dr.tasks.model.server.rights_gates import Rights
from redis_dr.tasks.rdb import Entry, entries
from redis_dr.tasks.restore.compare import (
    EXAMPLES,
    Comparison,
    chosen,
    explain,
    keys_touched,
    share_of,
)
from redis_dr.tasks.server.connection import ServerConnection, server_time_ms
from redis_dr.tasks.server.info import server_info
from redis_dr.tasks.step import step

LARGEST_DUMP = 4 * 2**20  # bytes of a value in the file
_MARGIN_MS = 10_000  # fields of hashes that expire before are left out on both sides


def why_by_save(rights: Rights, largest: int, most: int = LARGEST_DUMP) -> str:
    """Why the keys are compared by a save; "" when they are compared by DUMP.

    `largest` is the size of the largest value, `most` what one reply may have. Bytes.
    """
    lacking = rights.lacks("dump", "pexpiretime", "select")
    if lacking:
        names = ", ".join(name.upper() for name in lacking)
        return f"{names} refused to user {rights.user}"
    if largest > LARGEST_DUMP:
        return f"the DUMP of a value of {largest:,} bytes would hold up all clients"
    if largest > most:
        return f"the server cuts off a client that reads a value of {largest:,} bytes at once"
    return ""


@step
def compare_with_save(
    server: ServerConnection, placed: Path, saved: Path, total: int
) -> Comparison:
    """Compare the placed file with `saved`, what the server saved of it after its start."""
    share = share_of(server.instance.restore, total)
    with server.errors():
        now_ms = server_time_ms(server.client())
    until = now_ms + _MARGIN_MS
    with placed.open("rb") as source:
        left = {(one.db, one.key): one for one in chosen(entries(source, until), share)}
    outcomes: dict[int, Counter[str]] = {db: Counter() for db, _ in left}
    examples: list[str] = []
    with saved.open("rb") as source:
        for found in entries(source, until):
            if entry := left.pop((found.db, found.key), None):
                became = "equal" if found.digest == entry.digest else "differing"
                outcomes[entry.db][became] += 1
                _note(examples, became, entry)
    for entry in left.values():
        due = entry.expire_at_ms is not None and entry.expire_at_ms <= now_ms
        outcomes[entry.db]["expired" if due else "gone"] += 1
        _note(examples, "expired" if due else "gone", entry)
    with server.errors():
        info, touched = server_info(server.client()), keys_touched(server)
    return Comparison(
        outcomes=explain(outcomes, info.evicted_keys, touched),
        sampled=share < 1,
        written_to=touched > 0,
        found={db: one.keys for db, one in info.keyspace.items()},
        examples=tuple(examples),
    )


def _note(examples: list[str], became: str, entry: Entry) -> None:
    if became in {"gone", "differing"} and len(examples) < EXAMPLES:
        examples.append(f"{became}: DB {entry.db} {entry.key!r}")
