"""keys audit compares the keys with the configured patterns."""

import pytest

from redis_dr.flows.runbook.cache.audit import audit_keys
from redis_dr.tasks.model.errors import UsageError
from tests.support.instance import instance_of


def test_an_audit_finds_each_broken_promise(filled, instance):
    """A key without its TTL, one that lives too long, one that nobody announced, a reserved DB."""
    client = filled.client()
    client.set("doc:cache:eternal", "x")
    client.set("lock:ingest:long", "x", ex=99_999)
    client.set("what:is:this", "x")
    filled.client(7).set("reserved", "x")

    report = audit_keys(instance, 10_000)

    found = {finding.check: finding for finding in report.findings if not finding.ok}
    filled.client(7).flushdb()
    assert not report.ok
    assert set(found) == {
        "only configured databases are in use",
        "every key matches a pattern",
        "DB 0 doc:cache:{doc_id}",
        "DB 0 lock:ingest:{doc_id}",
    }
    assert "[7]" in found["only configured databases are in use"].detail
    assert "what:is:this" in found["every key matches a pattern"].detail
    assert "1 without expiry" in str(found["DB 0 doc:cache:{doc_id}"].actual)
    assert "doc:cache:eternal" in found["DB 0 doc:cache:{doc_id}"].detail
    assert "1 live too long" in str(found["DB 0 lock:ingest:{doc_id}"].actual)


def test_an_audit_needs_patterns(clean):
    """Without [[keys]] there is no promise to hold anything to."""
    with pytest.raises(UsageError, match="no key patterns"):
        audit_keys(instance_of(clean), 100)
