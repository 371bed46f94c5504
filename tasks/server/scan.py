"""Walks over keys without ever blocking the server: SCAN in batches, never KEYS."""

from collections.abc import Iterator, Sequence
from typing import Any

import redis

from redis_dr.tasks.model.settings.keys import KeyRule


def scan_batches(
    client: redis.Redis, match: str | None = None, count: int = 1000
) -> Iterator[list[bytes]]:
    """Keys of the client's database, batch by batch. A key may come twice (SCAN's own promise)."""
    cursor = 0
    while True:
        cursor, keys = scan_once(client, cursor, match, count)
        if keys:
            yield keys
        if cursor == 0:
            return


def scan_once(
    client: redis.Redis, cursor: int, match: str | None, count: int
) -> tuple[int, list[bytes]]:
    """One step of a SCAN: the next cursor (0: the end) and some keys, maybe none."""
    answer: Any = client.scan(cursor=cursor, match=match, count=count)
    following, keys = answer
    return int(following), keys


def count_matching(client: redis.Redis, rules: Sequence[KeyRule]) -> int:
    """How many keys match one of the rules, in one pass. Approximate while others write."""
    if not rules:
        return 0
    match = rules[0].glob if len(rules) == 1 else None
    return sum(
        1
        for keys in scan_batches(client, match)
        for key in keys
        if any(rule.regex.fullmatch(key) for rule in rules)
    )
