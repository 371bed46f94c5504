"""Which RDB files a server loads."""

import re

# highest RDB version that a server loads: facts/redis.md 15 and 16; rdb.h of each release
_LOADS = (
    ("redis", (7, 4), 12),
    ("redis", (7, 2), 11),
    ("redis", (7, 0), 10),
    ("valkey", (7, 2), 11),
)


def loadable(server: str, version: str) -> int:
    """The highest RDB version that this server loads; 9 for what is older than the table."""
    for name, least, highest in _LOADS:
        if name == server and version_of(version) >= least:
            return highest
    return 9


def version_of(text: str) -> tuple[int, int]:
    """Major and minor; (0, 0) for what is no version."""
    numbers = [int(part) for part in re.findall(r"\d+", text)[:2]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
