"""The demo's data is what the runbook describes."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.deployments.demo.dataset import records
from tests.support.dataset import fill


@settings(max_examples=25, deadline=None)
@given(st.integers(200, 4_000), st.integers())
def test_every_size_is_kept_exactly_and_every_key_is_written_once(size, seed):
    """However many keys are asked for, so many different ones come, database by database."""
    made = list(records(size, seed))
    assert len({(record.db, record.key) for record in made}) == len(made) == size
    assert [record.db for record in made] == sorted(record.db for record in made)


def test_a_size_that_cannot_hold_every_kind_is_refused():
    """Below 200 keys some pattern would be missing."""
    with pytest.raises(ValueError, match="at least 200"):
        next(records(199))


def test_the_server_holds_what_was_generated(redis_server):
    """Keys per database, types and TTLs arrive as generated."""
    assert fill(redis_server.client, 2_000) == {0: 1_720, 1: 160, 2: 120}
    sample = {record.kind: record for record in records(2_000) if record.db == 0}
    assert sorted(sample) == ["hash", "list", "set", "stream", "string", "zset"]
    client = redis_server.client()
    for kind, record in sample.items():
        assert client.type(record.key) == kind.encode()
        assert -1 <= client.ttl(record.key) <= (record.ttl or -1)


def test_the_demo_fills_at_least_fifty_thousand_keys():
    """52,000 by default, most of them in DB 0, with something in DB 1 and DB 2."""
    found = Counter(record.db for record in records())
    assert found.total() >= 50_000
    assert min(found.values()) >= 3_000
