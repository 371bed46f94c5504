"""How far the append-only files of a backup reach, told by their own time stamps."""

from datetime import UTC, datetime
from pathlib import Path

from tasks.step import step


@step
def end_of_aof(increments: tuple[Path, ...]) -> datetime | None:
    """The last annotation `#TS:` (facts/redis.md 6), UTC; None when there is none.

    Only lines between commands count: a value may hold the same text.
    """
    found = [at for path in increments if (at := _last_stamp(path)) is not None]
    return datetime.fromtimestamp(max(found), UTC) if found else None


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
