"""How far the append-only files of a backup reach, and what they have to bring back at least."""

import time
from datetime import UTC, datetime
from pathlib import Path

from redis_dr.tasks.rdb import take_forms
from redis_dr.tasks.step import step


@step
def end_of_aof(increments: tuple[Path, ...]) -> datetime | None:
    """The last annotation `#TS:` (facts/redis.md 6), UTC; None when there is none.

    Only lines between commands count: a value may hold the same text.
    """
    found = [at for path in increments if (at := _last_stamp(path)) is not None]
    return datetime.fromtimestamp(max(found), UTC) if found else None


@step
def living_keys(dump: Path) -> int:
    """How many keys of it have not expired by now. Raises RdbError, UnknownRdb."""
    with dump.open("rb") as source, dump.open("rb") as again:
        found = take_forms(source, again, int(time.time() * 1000))
    return sum(database.alive or 0 for database in found.databases.values())


def _last_stamp(path: Path) -> int | None:
    last = None
    with path.open("rb") as file:
        while line := file.readline(1024):
            try:
                if line.startswith(b"#TS:"):
                    last = int(line[4:])
                elif line.startswith(b"*"):
                    for _ in range(int(line[1:])):
                        size = int(file.readline(1024).lstrip(b"$"))
                        file.seek(size + 2, 1)
                elif not line.startswith(b"#"):
                    break  # an RDB preamble
            except ValueError:
                break  # the last command is cut off: it was on its way when the backup was made
    return last
