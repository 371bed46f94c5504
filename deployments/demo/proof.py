"""What must be in the server after the demo's restore: computed from what was written, not asked
of redis-dr."""

import hashlib
from collections.abc import Sequence

import redis

from redis_dr.deployments.demo.dataset import Record
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.keys import KeyRule, first_match

_BATCH = 5_000


def expected_keys(written: Sequence[Record], rules: Sequence[KeyRule]) -> set[bytes]:
    """DB 0 after a restore: what was written, less what the policy drops or puts back in line.

    All that may expire within the demo (locks, rate limits) is dropped by policy anyway.
    """
    keys = (record.key.encode() for record in written if record.db == 0)
    return {key for key in keys if _survives(key, rules)}


def answers(queries: Sequence[str]) -> set[bytes]:
    """The keys that the query service leaves for these queries."""
    return {f"query:cache:{hashlib.sha256(text.encode()).hexdigest()}".encode() for text in queries}


def found_keys(client: redis.Redis) -> set[bytes]:
    """Every key of the client's database."""
    return set(client.scan_iter(count=_BATCH))


def compare(expected: set[bytes], found: set[bytes]) -> None:
    """Raise RedisDrError unless both are the same, naming a few that are not."""
    if expected != found:
        missing, extra = sorted(expected - found), sorted(found - expected)
        raise RedisDrError(
            f"{len(missing)} keys are missing {missing[:3]}, {len(extra)} too many {extra[:3]}",
            "this is a fault of redis-dr: report it",
        )


def _survives(key: bytes, rules: Sequence[KeyRule]) -> bool:
    rule = first_match(rules, 0, key)
    return rule is None or rule.action not in {"drop", "requeue"}
