"""The expected keys after the demo's restore, computed from the data set without redis-dr."""

import hashlib
from collections.abc import Sequence

import redis

from redis_dr.deployments.demo.dataset import Record
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.keys import KeyRule, first_match

_BATCH = 5_000


def expected_keys(written: Sequence[Record], rules: Sequence[KeyRule]) -> set[bytes]:
    """DB 0 after a restore: the written keys without those that the policy drops or requeues.

    The policy also drops all keys that may expire during the demo (locks, rate limits).
    """
    keys = (record.key.encode() for record in written if record.db == 0)
    return {key for key in keys if _survives(key, rules)}


def answer_keys(queries: Sequence[str]) -> set[bytes]:
    """The keys that the query service writes for these queries."""
    return {f"query:cache:{hashlib.sha256(text.encode()).hexdigest()}".encode() for text in queries}


def keys_of(client: redis.Redis) -> set[bytes]:
    """Every key of the client's database."""
    return set(client.scan_iter(count=_BATCH))


def compare(expected: set[bytes], actual: set[bytes]) -> None:
    """Raise RedisDrError with a few differing keys, unless both are the same."""
    if expected != actual:
        missing, extra = sorted(expected - actual), sorted(actual - expected)
        raise RedisDrError(
            f"{len(missing)} keys are missing {missing[:3]}, {len(extra)} too many {extra[:3]}",
            "this is a bug of redis-dr: please report it",
        )


def _survives(key: bytes, rules: Sequence[KeyRule]) -> bool:
    rule = first_match(rules, 0, key)
    return rule is None or rule.action not in {"drop", "requeue"}
